//! Decoding a file, making a model of it and asking it takes memory and nothing else of the system: it is done here by a thread that
//! the kernel lets call only what gives memory and what ends a thread. Whatever else it called would end the test.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use skestimators::{Model, Samples};

/// Memory, locks, randomness for hash tables, signal stacks of a thread that ends, and the end itself. No file can be opened, nothing
/// read or written, no process started, no connection made.
const ALLOWED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rseq,
    libc::SYS_gettid,
    libc::SYS_exit,
];

/// Runs `work` in a thread that may only make the calls above.
fn confined<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let rules: BTreeMap<i64, Vec<_>> = ALLOWED.iter().map(|&call| (call, Vec::new())).collect();
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, arch).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    let thread = std::thread::spawn(move || {
        seccompiler::apply_filter(&program).unwrap();
        work()
    });
    thread.join().unwrap()
}

fn decode_and_ask(bytes: Vec<u8>) -> Result<usize, String> {
    let model = Model::from_bytes(bytes).map_err(|e| e.to_string())?;
    let width = model.n_features_in().unwrap_or(4);
    let x = Samples::from(ndarray::Array2::from_elem((2, width), 0.5));
    Ok(model.methods().filter(|&method| model.call(method, &x).is_ok()).count())
}

#[test]
fn a_name_that_python_would_call_reaches_nothing() {
    let streams: [&[u8]; 6] = [
        b"cos\nsystem\n(S'id'\ntR.",
        b"(S'id'\nios\nsystem\n.",
        b"(cos\nsystem\nS'id'\no.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.",
        b"\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93\x8c\x02id\x85\x81.",
        b"\x80\x02csklearn.dummy\nDummyRegressor\n)\x81}X\x09\x00\x00\x00constant_cos\nsystem\nX\x02\x00\x00\x00id\x85Rsb.",
    ];
    for stream in streams {
        let stream = stream.to_vec();
        let refusal = confined(move || decode_and_ask(stream)).unwrap_err();
        assert!(refusal.contains("system") || refusal.contains("Popen") || refusal.contains("n_outputs_"), "{refusal}");
    }
}

#[test]
fn models_of_every_container_need_only_memory() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    // One file for every way in which a file can begin, of several packages.
    let mut files: BTreeMap<(String, [u8; 2]), Vec<u8>> = BTreeMap::new();
    for package in ["linear_model", "ensemble", "svm", "preprocessing"] {
        for case in fs::read_dir(testdata.join(package)).unwrap().flatten() {
            for file in fs::read_dir(case.path()).unwrap().flatten() {
                let bytes = fs::read(file.path()).unwrap();
                let Some(&head) = bytes.first_chunk::<2>() else { continue };
                // What needs files beside it, and what is no model at all, can't be had from bytes.
                if !files.contains_key(&(package.to_owned(), head)) && Model::from_bytes(bytes.clone()).is_ok() {
                    files.insert((package.to_owned(), head), bytes);
                }
            }
        }
    }
    assert!(files.len() > 20, "{} files", files.len());
    let mut answered = 0;
    for (kind, bytes) in files {
        let loaded = confined(move || decode_and_ask(bytes));
        answered += loaded.unwrap_or_else(|e| panic!("{kind:?}: {e}"));
    }
    assert!(answered > 20, "{answered} methods answered");
}

#[test]
fn a_large_compressed_file_needs_only_memory() {
    // So large that it is unpacked into pages of its own: a list of bytes that hardly compress.
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut stream = b"\x80\x04]B\0\0\x30\0".to_vec();
    stream.extend((0..0x30_0000).map(|_| noise() % 16));
    stream.extend(b"a.");
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(&stream).unwrap();
    let bytes = writer.finish().unwrap();
    assert!(bytes.len() > 1 << 20, "{} bytes", bytes.len());
    let items = confined(move || {
        let graph = skpickle::load(bytes, &skpickle::Limits::default()).map_err(|e| e.to_string())?;
        graph.root().items().map(|items| items[0].bytes().map(|bytes| bytes.len())).map_err(|e| e.to_string())
    });
    assert_eq!(items.map(|len| len.ok()), Ok(Some(0x30_0000)));
}
