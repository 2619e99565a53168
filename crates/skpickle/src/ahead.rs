//! A compressed stream is decoded while the rest of it is still decompressed, by another thread.

use std::{sync::mpsc, thread};

use crate::{Graph, Limits, container, joblib::SideFiles, machine, stream::SMALL};

/// A compressed file shorter than this is decompressed sooner than a thread is worth.
const LEAST: usize = if SMALL { 1 } else { 128 << 10 };

/// Decodes a compressed stream in two threads. `None` where that does not pay, and for whatever is amiss: the caller then decodes the stream
/// when all of it is there, and tells what is wrong with it.
pub(crate) fn load(bytes: &[u8], limits: &Limits, side_files: &mut SideFiles<'_>, threads: usize) -> Option<Graph> {
    let len = bytes.len() as u64;
    // The compressed bytes are held until the end. What memory leaves beside the model's part must do for them.
    let fits = len <= limits.input_bytes && limits.room().is_none_or(|room| len <= room / 8);
    if threads < 2 || bytes.len() < LEAST || !fits || !container::is_slow(bytes) {
        return None;
    }
    let (sender, pieces) = mpsc::channel();
    // Where the reader gives up, nobody takes the pieces any more, and the thread ends.
    thread::scope(move |scope| {
        let open = move || container::open_in_pieces(bytes, limits, sender);
        let opening = thread::Builder::new().spawn_scoped(scope, open).ok()?;
        let end = || opening.join().ok()?.ok();
        machine::run_coming(&pieces, bytes.len(), limits, side_files, end)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::{Result, Stream, load_coming, no_side_files};

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(3));
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn xz(bytes: &[u8]) -> Vec<u8> {
        let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0)).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn ahead(bytes: &[u8], limits: &Limits) -> Option<Graph> {
        load(bytes, limits, &mut no_side_files, 2)
    }

    fn whole(bytes: &[u8], limits: &Limits) -> Result<Graph> {
        machine::run(Stream::of(container::open(bytes.to_vec(), limits)?), limits, &mut no_side_files)
    }

    fn facts(graph: &Graph) -> (Vec<String>, usize, u8, usize) {
        (graph.dump(), graph.trailing_bytes(), graph.protocol(), graph.stream_len())
    }

    #[track_caller]
    fn same(one: &Option<Graph>, other: &Result<Graph>) {
        assert_eq!(one.as_ref().map(facts), other.as_ref().ok().map(facts), "{:?}", other.as_ref().err());
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many files take an hour there")]
    fn a_stream_that_comes_is_the_same_stream() {
        let (mut streams, mut damaged) = (0, 0);
        let limits = Limits::default();
        let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
        for family in ["tree", "ensemble", "linear_model", "neighbors", "feature_extraction", "preprocessing"] {
            for entry in std::fs::read_dir(format!("{testdata}/{family}")).unwrap() {
                for file in std::fs::read_dir(entry.unwrap().path()).into_iter().flatten() {
                    let bytes = std::fs::read(file.unwrap().path()).unwrap();
                    if bytes.first() != Some(&0x80) || bytes.len() > 20_000 {
                        continue;
                    }
                    streams += 1;
                    // Old files have their arrays beside them.
                    let graph = whole(&bytes, &limits);
                    same(&load_coming(&bytes, &limits), &graph);
                    if streams % 5 == 0 {
                        for packed in [zlib(&bytes), xz(&bytes), zstd(&bytes)] {
                            same(&ahead(&packed, &limits), &graph);
                        }
                    }
                    if streams % 20 == 0 {
                        let packed = zlib(&bytes);
                        for at in (0..bytes.len()).step_by(97) {
                            let mut other = bytes.clone();
                            other[at] ^= 1 << (at % 8);
                            same(&load_coming(&other, &limits), &whole(&other, &limits));
                            same(&load_coming(&bytes[..at], &limits), &whole(&bytes[..at], &limits));
                            let mut other = packed.clone();
                            if let Some(byte) = other.get_mut(at) {
                                *byte ^= 1 << (at % 8);
                                same(&ahead(&other, &limits), &whole(&other, &limits));
                            }
                            damaged += 1;
                        }
                    }
                }
            }
        }
        assert!(streams > 100 && damaged > 500, "{streams} streams, {damaged} damaged");
    }

    #[test]
    fn what_is_longer_than_a_piece_is_whole() {
        // Texts of all lengths, one behind the other, and one of several lines.
        let mut bytes = b"\x80\x03(".to_vec();
        for len in (0..2_000_u32).step_by(13) {
            bytes.push(b'X');
            bytes.extend(len.to_le_bytes());
            bytes.extend((0..len).map(|i| b'a' + (i % 26) as u8));
        }
        bytes.push(b'V');
        bytes.extend([b'w'; 3_000]);
        bytes.extend(b"\nl.and more");
        let limits = Limits::default();
        let graph = whole(&bytes, &limits);
        assert_eq!(graph.as_ref().unwrap().trailing_bytes(), 8);
        same(&load_coming(&bytes, &limits), &graph);
        same(&ahead(&zlib(&bytes), &limits), &graph);
    }

    #[test]
    fn what_the_whole_stream_is_refused_for_is_refused() {
        let limits = Limits::default();
        let frame = |len: u64| [b"\x80\x04\x95".as_slice(), &len.to_le_bytes()].concat();
        // A frame beyond the end, alone and around another.
        for stream in [
            [&frame(3)[..], b"N."].concat(),
            [&frame(50)[..], &frame(2)[2..], b"N."].concat(),
            [&frame(u64::MAX)[..], b"N."].concat(),
            b"\x80\x04X\xff\xff\xff\xffabc.".to_vec(),
            b"\x80\x04Vabc".to_vec(),
            // The head of an old PyTorch file, which the decompressor looks at.
            b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec(),
        ] {
            assert!(whole(&stream, &limits).is_err() && load_coming(&stream, &limits).is_none());
            assert!(ahead(&zlib(&stream), &limits).is_none());
        }
        // What is built costs more than the limit, and just as much.
        let stream = [b"\x80\x04(".as_slice(), &b"N".repeat(1_000), b"l."].concat();
        let cost = (16 + 4) * 1_001 + 4 * 1_000;
        for (built, fits) in [(cost, true), (cost - 1, false)] {
            let limits = Limits { built_bytes: Some(built), ..Limits::default() };
            assert_eq!(whole(&stream, &limits).is_ok(), fits);
            same(&load_coming(&stream, &limits), &whole(&stream, &limits));
        }
        // A length beyond a limit, and a checksum that is wrong behind the pickle.
        let packed = zlib(&stream);
        let limits = Limits { decompressed_bytes: 1_000, ..Limits::default() };
        assert!(ahead(&packed, &limits).is_none() && ahead(&packed, &Limits::default()).is_some());
        // Compressed bytes that memory does not hold beside the stream and what is built.
        let noise: Vec<u8> = (0..2_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let noisy = zlib(&[b"\x80\x03B\xd0\x07\0\0".as_slice(), &noise, b"."].concat());
        for (memory_bytes, fits) in [(1 << 20, true), (2 * noisy.len() as u64 + 5_000, false)] {
            let limits = Limits { memory_bytes: Some(memory_bytes), ..Limits::default() };
            assert!(whole(&noisy, &limits).is_ok());
            assert_eq!(ahead(&noisy, &limits).is_some(), fits);
        }
        let wrong = [&packed[..packed.len() - 1], &[packed[packed.len() - 1] ^ 1]].concat();
        assert!(ahead(&wrong, &Limits::default()).is_none());
    }
}
