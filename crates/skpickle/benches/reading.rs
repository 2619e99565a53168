//! What reading a file is made of: the opcodes, the arrays between them, and each decompressor.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};

use divan::{Bencher, counter::BytesCount};
use skpickle::{Limits, load};

fn main() {
    divan::main();
}

/// A pickle of plain values in lists: nothing but opcodes.
fn values() -> Vec<u8> {
    let rows: Vec<(u32, f64, String)> = (0..10_000).map(|i| (i, f64::from(i) / 7.0, format!("name {i}"))).collect();
    serde_pickle::to_vec(&rows, serde_pickle::SerOptions::new()).unwrap()
}

/// A forest as joblib writes it: arrays of records between opcodes.
fn forest() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/kernels/forest.joblib");
    let mut plain = Vec::new();
    flate2::read::ZlibDecoder::new(&std::fs::read(path).unwrap()[..]).read_to_end(&mut plain).unwrap();
    plain
}

fn read(bencher: Bencher<'_, '_>, bytes: &[u8], counted: usize) {
    let limits = Limits::default();
    bencher
        .counter(BytesCount::new(counted))
        .with_inputs(|| bytes.to_vec())
        .bench_values(|bytes| load(bytes, &limits).unwrap());
}

#[divan::bench]
fn opcodes(bencher: Bencher<'_, '_>) {
    let bytes = values();
    read(bencher, &bytes, bytes.len());
}

#[divan::bench]
fn arrays(bencher: Bencher<'_, '_>) {
    let bytes = forest();
    read(bencher, &bytes, bytes.len());
}

/// The forest in each container; bytes are those that come out.
#[divan::bench(args = ["zlib", "gzip", "bz2", "xz", "lz4"])]
fn decompression(bencher: Bencher<'_, '_>, container: &str) {
    let plain = forest();
    let level = flate2::Compression::new(3);
    let packed = match container {
        "zlib" => {
            let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), level);
            writer.write_all(&plain).unwrap();
            writer.finish().unwrap()
        }
        "gzip" => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
            writer.write_all(&plain).unwrap();
            writer.finish().unwrap()
        }
        "bz2" => {
            let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(3));
            writer.write_all(&plain).unwrap();
            writer.finish().unwrap()
        }
        "xz" => {
            let options = lzma_rust2::XzOptions::with_preset(3);
            let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            writer.write_all(&plain).unwrap();
            writer.finish().unwrap()
        }
        _ => {
            let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
            writer.write_all(&plain).unwrap();
            writer.finish().unwrap()
        }
    };
    read(bencher, &packed, plain.len());
}
