//! Every container: what is read, what is refused and how, and that no damage passes.

use super::{damage::looks_crlf_damaged, open as opened, *};
use proptest::prelude::*;
use std::io::Write;

fn open(bytes: Vec<u8>, limits: &Limits) -> Result<Vec<u8>> {
    opened(bytes, limits).map(|bytes| bytes.to_vec())
}

/// A stream that starts like a pickle; half of it compresses.
fn payload(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut bytes = b"\x80\x04\x95".to_vec();
    bytes.extend((3..size).map(|at| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if at / 64 % 2 == 0 { (state >> 24) as u8 } else { (at / 128) as u8 }
    }));
    bytes
}

fn zlib_of(data: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(3));
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

fn gzip_of(data: &[u8]) -> Vec<u8> {
    let builder = flate2::GzBuilder::new().filename("m.pkl").comment("c").extra([1, 2, 3]);
    let mut writer = builder.write(Vec::new(), flate2::Compression::new(6));
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

fn bz2_of(data: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(1));
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

fn xz_of(data: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

fn lzma_of(data: &[u8], size: Option<u64>) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::with_preset(1);
    let mut writer = lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, size).unwrap();
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

fn lz4_of(data: &[u8], linked: bool, sums: bool) -> Vec<u8> {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    let info = FrameInfo::new()
        .block_size(BlockSize::Max64KB)
        .block_mode(if linked { BlockMode::Linked } else { BlockMode::Independent })
        .block_checksums(sums)
        .content_checksum(sums)
        .content_size(sums.then_some(data.len() as u64));
    let mut writer = FrameEncoder::with_frame_info(info, Vec::new());
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

fn zstd_of(data: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
}

fn zf_of(data: &[u8], width: usize) -> Vec<u8> {
    let mut bytes = b"ZF".to_vec();
    bytes.extend(format!("{:<width$}", format!("{:#x}", data.len())).bytes());
    bytes.extend(zlib_of(data));
    bytes
}

/// Each format by name, with `data` in it.
fn all_of(data: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("zlib", zlib_of(data)),
        ("gzip", gzip_of(data)),
        ("bz2", bz2_of(data)),
        ("xz", xz_of(data)),
        ("lzma, size unknown", lzma_of(data, None)),
        ("lzma, size known", lzma_of(data, Some(data.len() as u64))),
        ("lz4", lz4_of(data, false, true)),
        ("lz4 linked", lz4_of(data, true, false)),
        ("zstd", zstd_of(data)),
        ("ZF", zf_of(data, 19)),
        ("ZF, Python 2", zf_of(data, 20)),
    ]
}

fn read(bytes: &[u8]) -> Result<Vec<u8>> {
    open(bytes.to_vec(), &Limits::default())
}

#[track_caller]
fn refused(bytes: &[u8], kind: ErrorKind, word: &str) {
    let error = read(bytes).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(word), "`{error}` says nothing of `{word}`");
    assert!(error.message().is_ascii());
}

#[test]
fn every_format_round_trips() {
    for size in [4, 5, 100, 4096, 65_536, 65_537, 1_000_000] {
        let data = payload(size);
        assert!(read(&data).unwrap() == data, "raw, {size} bytes");
        for (name, bytes) in all_of(&data) {
            assert!(read(&bytes).unwrap() == data, "{name}, {size} bytes");
        }
    }
}

#[test]
fn a_cut_file_is_never_read() {
    let data = payload(700);
    for (name, bytes) in all_of(&data) {
        for length in 0..bytes.len() {
            let error = match read(&bytes[..length]) {
                Err(error) => error,
                // Under a few bytes the format cannot be told: the pickle machine refuses them.
                Ok(read) => {
                    assert!(read == bytes[..length] && length < 4, "{name} cut at {length} was read");
                    continue;
                }
            };
            if length > 22 {
                assert_eq!(error.kind(), ErrorKind::Truncated, "{name} cut at {length}: {error}");
                assert!(error.offset().is_some_and(|at| at <= length as u64), "{name} cut at {length}: {error}");
            }
        }
    }
}

#[test]
fn a_flipped_bit_is_never_read_as_other_data() {
    let data = payload(300);
    for (name, bytes) in all_of(&data) {
        // These carry no checksum.
        if name.starts_with("lzma") || name == "lz4 linked" {
            continue;
        }
        for at in 0..bytes.len() {
            for bit in [0, 3, 7] {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                if let Ok(read) = read(&damaged) {
                    assert!(read == data || read == damaged, "{name}, byte {at}, bit {bit}");
                }
            }
        }
    }
}

#[test]
fn concatenated_members_are_one_stream() {
    let data = payload(100_000);
    let (a, b) = data.split_at(40_000);
    let joined = |write: &dyn Fn(&[u8]) -> Vec<u8>| [write(a), write(b), write(&[])].concat();
    assert!(read(&joined(&gzip_of)).unwrap() == data);
    assert!(read(&joined(&bz2_of)).unwrap() == data);
    assert!(read(&joined(&xz_of)).unwrap() == data);
    assert!(read(&joined(&|part| lz4_of(part, true, true))).unwrap() == data);
    assert!(read(&joined(&zstd_of)).unwrap() == data);
    let skipped = b"\x53\x2a\x4d\x18\x03\0\0\0abc".as_slice();
    assert!(read(&[skipped, &zstd_of(a), skipped, &zstd_of(b), skipped].concat()).unwrap() == data);
    assert!(read(&[skipped, &lz4_of(a, false, true), &lz4_of(b, false, false), skipped].concat()).unwrap() == data);
    // Zeros between xz streams come in fours.
    assert!(read(&[xz_of(a), vec![0; 8], xz_of(b)].concat()).unwrap() == data);
    // A second member that is cut short is seen.
    for whole in [joined(&gzip_of), joined(&bz2_of), joined(&xz_of), joined(&zstd_of)] {
        refused(&whole[..whole.len() - 1], ErrorKind::Truncated, "end too early");
    }
}

#[test]
fn what_follows_the_end_is_padding_junk_or_ignored() {
    let data = payload(5_000);
    for (name, bytes) in all_of(&data) {
        assert!(read(&[&bytes[..], &[0; 512]].concat()).unwrap() == data, "{name} with zeros");
        let junk = read(&[&bytes[..], b"junk"].concat());
        // As Python does: its gzip refuses, its bz2 and lzma ignore; joblib's ZF reader ignores.
        match name {
            "zlib" | "gzip" | "lz4" | "lz4 linked" | "zstd" => {
                let error = junk.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Malformed, "{name}: {error}");
                assert_eq!(error.offset(), Some(bytes.len() as u64), "{name}: {error}");
            }
            _ => assert!(junk.unwrap() == data, "{name} with junk"),
        }
    }
}

#[test]
fn a_gzip_member_repeats_nothing_of_the_one_before() {
    // A block that repeats three bytes from one byte before: there is none in this member.
    let mut two = gzip_of(&payload(100));
    two.extend(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\x02\0");
    two.extend([0; 8]);
    refused(&two, ErrorKind::Malformed, "a deflate block");
}

#[test]
fn wrong_checksums_and_sizes_are_named() {
    let data = payload(5_000);
    let spoil = |mut bytes: Vec<u8>, from_end: usize| {
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        bytes
    };
    refused(&spoil(gzip_of(&data), 8), ErrorKind::Malformed, "CRC check failed");
    refused(&spoil(gzip_of(&data), 4), ErrorKind::Malformed, "Incorrect length");
    refused(&spoil(zlib_of(&data), 1), ErrorKind::Malformed, "checksum");
    refused(&spoil(bz2_of(&data), 2), ErrorKind::Malformed, "CRC");
    refused(&spoil(lz4_of(&data, false, true), 1), ErrorKind::Malformed, "checksum");
    refused(&spoil(zstd_of(&data), 1), ErrorKind::Malformed, "checksum");
    let mut zf = zf_of(&data, 19);
    zf[6] = b'9';
    refused(&zf, ErrorKind::Malformed, "the header says");
}

#[test]
fn a_bomb_of_zeros_is_refused_at_its_start() {
    let zeros = vec![0; 4 << 20];
    let started = std::time::Instant::now();
    for (name, bytes) in all_of(&zeros) {
        let error = read(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format, "{name}: {error}");
        assert!(error.message().contains("nothing but zeros"), "{name}: {error}");
    }
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn a_bomb_that_starts_like_a_pickle_stops_at_the_limit() {
    let mut bomb = b"\x80\x04N.".to_vec();
    bomb.resize(3 << 20, 0);
    let limits = Limits { decompressed_bytes: 1 << 20, ..Limits::default() };
    for (name, bytes) in all_of(&bomb) {
        let error = open(bytes.clone(), &limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{name}: {error}");
        assert!(error.message().contains("1048576") && error.message().contains("Limits::decompressed_bytes"));
        assert!(read(&bytes).unwrap() == bomb, "{name}");
    }
    let exact = Limits { decompressed_bytes: bomb.len() as u64, ..Limits::default() };
    for (name, bytes) in all_of(&bomb) {
        assert!(open(bytes, &exact).unwrap() == bomb, "{name}");
    }
    assert_eq!(open(bomb.clone(), &limits).unwrap_err().kind(), ErrorKind::Limit);
    let small = Limits { input_bytes: 10, ..Limits::default() };
    assert!(open(bomb, &small).unwrap_err().message().contains("Limits::input_bytes"));
}

#[test]
fn a_bomb_of_one_string_is_refused_at_its_start() {
    let mut bomb = b"\x80\x04\x95\x09\0\0\0\x08\0\0\0\x8e\0\0\0\x08\0\0\0\0".to_vec();
    bomb.resize(1 << 20, 0);
    for (name, bytes) in all_of(&bomb) {
        let error = read(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{name}: {error}");
        assert!(error.message().contains("one string of 134217728 bytes"), "{name}: {error}");
    }
}

#[test]
fn a_claimed_size_is_not_allocated() {
    let limits = Limits::default();
    let sink = Sink::new("zlib", &limits, Some(u64::MAX), 100);
    assert!(sink.capacity() < 4096, "{}", sink.capacity());
    assert!(sink.finish().is_err());
    // A ZF header that claims 2^64 - 1 bytes (`b"ZF0xffffffffffffffff   " + zlib.compress(b"N.")`).
    let mut zf = zf_of(b"N.", 19);
    zf[2..21].copy_from_slice(b"0xffffffffffffffff ");
    refused(&zf, ErrorKind::Malformed, "the header says 18446744073709551615");
    zf[2..21].copy_from_slice(b"0xzz               ");
    refused(&zf, ErrorKind::Malformed, "no hexadecimal number");
}

#[test]
fn windows_are_bounded() {
    let data = payload(100_000);
    let limits = Limits { window_bytes: 1 << 16, ..Limits::default() };
    for bytes in [xz_of(&data), lzma_of(&data, None), zstd_of(&data)] {
        let error = open(bytes, &limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        assert!(error.message().contains("Limits::window_bytes"), "{error}");
    }
    // A dictionary of 4 GiB around three bytes is never filled; with an unknown size it is refused.
    let mut lzma = lzma_of(b"\x80\x04N.", Some(4));
    lzma[1..5].copy_from_slice(&[0xff; 4]);
    assert_eq!(read(&lzma).unwrap(), b"\x80\x04N.");
    let mut lzma = lzma_of(&data, None);
    lzma[1..5].copy_from_slice(&[0xff; 4]);
    refused(&lzma, ErrorKind::Limit, "4294967295 bytes");
}

#[test]
fn a_second_layer_is_named() {
    let data = payload(5_000);
    for (name, inner) in all_of(&data) {
        let error = read(&gzip_of(&inner)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format, "{name}: {error}");
        assert!(error.message().starts_with("compressed twice"), "{name}: {error}");
    }
    let mut tar = vec![0; 1024];
    tar[..5].copy_from_slice(b"m.pkl");
    tar[257..262].copy_from_slice(b"ustar");
    refused(&gzip_of(&tar), ErrorKind::Format, "this is a tar archive inside gzip compression");
}

#[test]
fn nothing_at_all_is_refused_in_pythons_words() {
    let error = read(b"").unwrap_err();
    assert!(error.kind() == ErrorKind::Truncated && error.message().starts_with("Ran out of input"));
    for (name, bytes) in all_of(b"") {
        let error = read(&bytes).unwrap_err();
        assert!(error.message().starts_with("Ran out of input"), "{name}: {error}");
    }
    refused(&[0; 100], ErrorKind::Format, "invalid load key, '\\x00': this is nothing but zeros");
    refused(b"Hello", ErrorKind::Format, "invalid load key, 'H'");
}

#[test]
fn raw_pickles_of_all_protocols_pass() {
    // pickle.dumps(x, p) for small x; a name in protocol 0; texts whose first bytes look like magics.
    for bytes in [
        &b"N."[..],
        b"I1\n.",
        b"cnumpy.core.multiarray\n_reconstruct\np0\n.",
        b"(lp0\n.",
        b"]q\x00.",
        b"}q\x00.",
        b"BZh\0\0",
        b"X*M\x18\x01abcdefgh",
        b"\x80\x02X\x04\0\0\0{abc.",
        b"\x80\x05\x95\x04\0\0\0\0\0\0\0K\x01.",
        b"U\x05ustar.",
    ] {
        assert_eq!(read(bytes).unwrap(), bytes);
    }
}

/// A zip archive of stored entries without content.
fn zip_of(names: &[&str]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for name in names {
        let at = body.len() as u32;
        body.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0");
        body.extend((name.len() as u32).to_le_bytes());
        body.extend(name.bytes());
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0");
        directory.extend((name.len() as u16).to_le_bytes());
        directory.extend([0; 12]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (at, count) = (body.len() as u32, names.len() as u16);
    body.extend(&directory);
    body.extend(b"PK\x05\x06\0\0\0\0");
    body.extend(count.to_le_bytes());
    body.extend(count.to_le_bytes());
    body.extend((directory.len() as u32).to_le_bytes());
    body.extend(at.to_le_bytes());
    body.extend([0; 2]);
    body
}

#[test]
fn zip_archives_are_told_apart() {
    let is = |names: &[&str], word| refused(&zip_of(names), ErrorKind::Format, word);
    is(&["archive/data.pkl", "archive/version"], "PyTorch");
    is(&["0.npy", "schema.json"], "skops");
    is(&["a.npy", "b.npy"], "numpy .npz");
    is(&["metadata.json", "config.json", "model.weights.h5"], "Keras");
    is(&["model/MLmodel", "model/model.pkl"], "MLflow");
    is(&["[Content_Types].xml", "xl/workbook.xml"], "Office");
    is(&["META-INF/MANIFEST.MF"], "Java");
    is(&["readme.txt", "out/model.joblib"], "it holds out/model.joblib");
    is(&["x"], "a zip archive");
    is(&[], "a zip archive");
    let whole = zip_of(&["archive/data.pkl", "archive/version"]);
    for length in 4..whole.len() {
        refused(&whole[..length], ErrorKind::Format, "a zip archive");
    }
}

#[test]
fn other_formats_are_refused_by_name() {
    let is = |bytes: &[u8], word| refused(bytes, ErrorKind::Format, word);
    is(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n", "git lfs pull");
    is(b"outs:\n- md5: a\n", "dvc pull");
    is(b"7z\xbc\xaf\x27\x1c\0\x04", "7z");
    is(b"Rar!\x1a\x07\x01\0", "RAR");
    is(b"\x93NUMPY\x01\0v\0", ".npy");
    is(b"\x89HDF\r\n\x1a\n", "HDF5");
    is(b"\x08\x07\x12\x07skl2onnx", "ONNX");
    is(b"<?xml version=\"1.0\"?>\n<PMML version=\"4.4\">", "PMML");
    is(b"<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code>", "object store");
    is(b"\n<!DOCTYPE HTML><html>", "web page");
    is(b"{\"learner\":{}}", "XGBoost JSON");
    is(b"{\"name\":\"tree\",\"tree_info\":[]}", "LightGBM JSON");
    is(b" [1, 2]", "JSON");
    is(b"tree\nversion=v4\n", "LightGBM text");
    is(b"CBM1\x10\0\0\0", "CatBoost");
    is(b"\x40\0\0\0\0\0\0\0{\"__metadata__\"", "safetensors");
    is(b"GGUF\x03\0\0\0", "GGUF");
    is(b"PAR1\x15", "Parquet");
    is(b"\x89PNG\r\n\x1a\n", "PNG");
    is(b"\xff\xd8\xff\xe0", "JPEG");
    is(b"%PDF-1.7", "PDF");
    is(b"\x7fELF\x02", "ELF");
    is(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "PyTorch");
    is(b"gASVBgAAAAAAAABLAS4=", "base64");
    is(b"b'\\x80\\x04K\\x01.'", "repr");
    is(b"\xef\xbf\xbd\x04\xef\xbf\xbd", "UTF-8");
    is(b"\xc2\x80\x04\xc2\x95", "Latin-1");
    is(&gzip_of(b"X\n\0\0\0\x03\0\x04\x03\x02"), "R object");
}

#[test]
fn text_mode_copies_are_recognised() {
    let to_crlf = |bytes: &[u8]| {
        bytes.iter().flat_map(|b| if *b == b'\n' { b"\r\n".to_vec() } else { vec![*b] }).collect::<Vec<_>>()
    };
    // A global of protocol 2, and protocol 0.
    assert!(looks_crlf_damaged(b"\x80\x03cnumpy.core.multiarray\r\n_reconstruct\r\nq\x00"));
    assert!(looks_crlf_damaged(&to_crlf(b"(dp0\nVa\np1\nI1\nsVb\np2\nI2\ns.")));
    assert!(looks_crlf_damaged(b"ccopy_reg\r\n_reconstructor\r\np0\r\n"));
    assert!(!looks_crlf_damaged(b"\x80\x03cnumpy.core.multiarray\n_reconstruct\nq\x00"));
    assert!(!looks_crlf_damaged(b"\x80\x04K\x01."));
    // One frame, one newline (an int of 10).
    assert!(looks_crlf_damaged(b"\x80\x04\x95\x05\0\0\0\0\0\0\0K\r\nN0."));
    assert!(!looks_crlf_damaged(b"\x80\x04\x95\x05\0\0\0\0\0\0\0K\nN0."));
    // An array of small integers.
    let integers: Vec<u8> = (0..100_000_u64).flat_map(|n| (n % 40).to_le_bytes()).collect();
    assert!(!looks_crlf_damaged(&integers));
    let data = payload(6_000_000);
    assert!(!looks_crlf_damaged(&data));
    for (name, bytes) in all_of(&payload(200_000)) {
        assert!(!looks_crlf_damaged(&bytes), "{name}");
        let damaged = to_crlf(&bytes);
        assert!(looks_crlf_damaged(&damaged), "{name}");
        let error = read(&damaged).unwrap_err();
        assert!(error.message().starts_with("the file was damaged by a copy in text mode (CRLF"), "{name}: {error}");
    }
    // The other way round shows in what is missing.
    let mut back = data;
    let mut previous = 0;
    back.retain(|b| {
        let keep = *b != b'\n' || previous != b'\r';
        previous = *b;
        keep
    });
    assert!(looks_crlf_damaged(&back));
}

#[test]
fn side_files_hold_raw_data() {
    let data = [0_u8; 40];
    assert_eq!(*open_side_file(&zf_of(&data, 19), &Limits::default()).unwrap(), data);
    assert_eq!(read(&zf_of(&data, 19)).unwrap_err().kind(), ErrorKind::Format);
    assert_eq!(open_side_file(&gzip_of(&data), &Limits::default()).err().map(|e| e.kind()), Some(ErrorKind::Format));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_behind_any_magic_give_an_answer(
        which in 0_usize..11, cut in 0_usize..60, tail in proptest::collection::vec(any::<u8>(), 0..200)
    ) {
        let (_, mut bytes) = all_of(&payload(200)).swap_remove(which);
        bytes.truncate(cut);
        bytes.extend(tail);
        let limits = Limits { decompressed_bytes: 1 << 24, ..Limits::default() };
        if let Ok(read) = open(bytes, &limits) {
            prop_assert!(read.len() <= 1 << 24);
        }
    }

    #[test]
    fn damage_never_panics(which in 0_usize..11, changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..6)) {
        let (_, mut bytes) = all_of(&payload(3_000)).swap_remove(which);
        for (at, value) in changes {
            let at = usize::from(at) % bytes.len();
            bytes[at] = value;
        }
        let _ = open(bytes, &Limits::default());
    }
}

#[test]
fn headers_that_are_wrong_are_named() {
    use ErrorKind::{Limit, Malformed, Truncated, Unsupported};
    let data = payload(3_000);
    let changed = |bytes: &[u8], at: usize, value: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = value;
        bytes
    };
    let gzip = gzip_of(&data);
    refused(&changed(&gzip, 3, 0xe0), Malformed, "reserved header flags");
    // A header with a CRC of its own, wrong and right.
    let mut crc = flate2::Crc::new();
    let mut head = b"\x1f\x8b\x08\x02\0\0\0\0\0\xff".to_vec();
    crc.update(&head);
    let deflated = gzip.get(gzip.iter().rposition(|b| *b == b'c').unwrap() + 2..).unwrap();
    refused(&[&head[..], &[1, 2], deflated].concat(), Malformed, "the header's CRC is wrong");
    refused(&[&head[..], &[1]].concat(), Truncated, "gzip");
    head.extend((crc.sum() as u16).to_le_bytes());
    assert!(!read(&[&head[..], deflated].concat()).is_err_and(|e| e.message().contains("header's CRC")));
    refused(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\xff\xff", Truncated, "gzip");
    // FDICT, with its check bits right.
    refused(&[b"\x78\xbb\0\0\0\x01".as_slice(), &zlib_of(&data)[2..]].concat(), Malformed, "a deflate block");
    // What begins like a second stream must be one.
    refused(&[&bz2_of(&data)[..], b"BZhello"].concat(), Malformed, "a header is wrong");
    let lz4 = lz4_of(&data, false, true);
    refused(&changed(&lz4, 4, 0), Malformed, "an unknown version or flag");
    refused(&changed(&lz4, 4, 0x65), Malformed, "preset dictionary");
    refused(&changed(&lz4, 5, 0), Malformed, "an unknown block size");
    refused(&[&lz4[..], b"\x04\x22"].concat(), Truncated, "lz4");
    refused(&[&lz4[..], b"else"].concat(), Malformed, "bytes follow the last frame");
    // A frame to be passed over that is longer than the file.
    refused(&[&lz4[..], b"\x50\x2a\x4d\x18\xff\0\0\0"].concat(), Truncated, "lz4");
    let zstd = zstd_of(&data);
    refused(&changed(&zstd, 4, zstd[4] | 8), Malformed, "a reserved flag is set");
    refused(&[&zstd[..], b"\x28\xb5"].concat(), Truncated, "zstd");
    refused(&[&zstd[..], b"else"].concat(), Malformed, "bytes follow the last frame");
    refused(&[&zstd[..], b"\x50\x2a\x4d\x18\xff\0\0\0"].concat(), Truncated, "zstd");
    // Single segment of 4 bytes: a dictionary, a reserved block type, a raw block, and another size than it says.
    refused(b"\x28\xb5\x2f\xfd\x21\x07\x04\x21\0\0abcd", Unsupported, "need dictionary 7");
    refused(b"\x28\xb5\x2f\xfd\x20\x04\x27\0\0abcd", Malformed, "a reserved block type");
    refused(b"\x28\xb5\x2f\xfd\x20\x05\x21\0\0\x80\x04N.", Malformed, "the size in the header is wrong");
    assert_eq!(read(b"\x28\xb5\x2f\xfd\x20\x04\x21\0\0\x80\x04N.").unwrap(), b"\x80\x04N.");
    // Memory that is not there, in a stream that has not passed the limit of the user.
    let limits = Limits { memory_bytes: Some(2 << 20), ..Limits::default() };
    let error = open(zlib_of(&[b"\x80\x04".as_slice(), &vec![b'N'; 4 << 20]].concat()), &limits).unwrap_err();
    assert!(error.kind() == Limit && error.message().contains("this process has 2 MB"), "{error}");
}
