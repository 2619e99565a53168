//! The program `bootstrap` for a package: where it is found, and whether Lambda can run it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use elf::{ElfBytes, ParseError, abi, endian::AnyEndian};
use skpickle::printable;

use crate::cli::Failure;

/// The C library of `provided.al2023`.
const GLIBC: (u32, u32) = (2, 34);

/// The shared libraries that `provided.al2023` has and that a Rust program may ask for.
const LIBRARIES: [&str; 8] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
];

/// A processor that Lambda offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arch {
    Arm64,
    X86_64,
}

impl Arch {
    /// As Lambda names them.
    pub(super) const NAMES: [&str; 2] = ["arm64", "x86_64"];

    pub(super) fn from_name(name: &str) -> Option<Arch> {
        [Arch::Arm64, Arch::X86_64].into_iter().find(|arch| arch.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Arch::Arm64 => Self::NAMES[0],
            Arch::X86_64 => Self::NAMES[1],
        }
    }
}

/// A program that Lambda can run.
#[derive(Debug)]
pub(super) struct Bootstrap {
    pub(super) path: PathBuf,
    pub(super) arch: Arch,
    pub(super) bytes: Vec<u8>,
}

/// Finds the program: the one that is named, or one beside this program. Without a wish it decides the processor.
pub(super) fn find(named: Option<&str>, wish: Option<Arch>) -> Result<Bootstrap, Failure> {
    if let Some(path) = named {
        let path = PathBuf::from(path);
        let shown = shown(&path);
        let bytes = fs::read(&path).map_err(|e| Failure::usage(format!("cannot read the bootstrap '{shown}': {e}")))?;
        let arch = check(&bytes).map_err(|why| Failure::usage(format!("'{shown}' {why}")))?;
        return match wish.filter(|&wish| wish != arch) {
            Some(wish) => Err(Failure::usage(format!(
                "'{shown}' is for {}, not for {}; name another, or --arch {0}",
                arch.name(),
                wish.name()
            ))),
            None => Ok(Bootstrap { path, arch, bytes }),
        };
    }
    let program = std::env::current_exe().and_then(fs::canonicalize).unwrap_or_default();
    let folder = program.parent().unwrap_or(Path::new(""));
    beside(folder, wish)
}

fn beside(folder: &Path, wish: Option<Arch>) -> Result<Bootstrap, Failure> {
    let own = if cfg!(target_arch = "aarch64") { Arch::Arm64 } else { Arch::X86_64 };
    let other = if own == Arch::Arm64 { Arch::X86_64 } else { Arch::Arm64 };
    let mut names: Vec<String> =
        wish.map_or(vec![own, other], |wish| vec![wish]).iter().map(|a| format!("bootstrap-{}", a.name())).collect();
    names.insert(1, "bootstrap".into());
    let mut seen = Vec::new();
    for name in &names {
        let path = folder.join(name);
        let Ok(bytes) = fs::read(&path) else { continue };
        match check(&bytes) {
            Ok(arch) if wish.is_none_or(|wish| wish == arch) => return Ok(Bootstrap { path, arch, bytes }),
            Ok(arch) => seen.push(format!("'{}' is for {}", shown(&path), arch.name())),
            Err(why) => seen.push(format!("'{}' {why}", shown(&path))),
        }
    }
    let arch = wish.map_or("ARCH", Arch::name);
    let seen = if seen.is_empty() { String::new() } else { format!(" ({})", seen.join("; ")) };
    Err(Failure::usage(format!(
        "no bootstrap{} was found: looked in '{}' for {}{seen}; build it there with `serverless/build.sh {arch}`, or name \
         it with --bootstrap FILE or the variable SKLAMBDA_BOOTSTRAP",
        wish.map(|wish| format!(" for {}", wish.name())).unwrap_or_default(),
        shown(folder),
        names.join(", ")
    )))
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// The processor that a program is for; or why `provided.al2023` could not run it.
fn check(bytes: &[u8]) -> Result<Arch, String> {
    let unreadable = |e: ParseError| format!("is no program for Linux (no readable ELF file: {e})");
    let elf = ElfBytes::<AnyEndian>::minimal_parse(bytes).map_err(unreadable)?;
    let arch = match elf.ehdr.e_machine {
        abi::EM_AARCH64 => Arch::Arm64,
        abi::EM_X86_64 => Arch::X86_64,
        other => return Err(format!("is for a processor that Lambda does not have (ELF machine {other})")),
    };
    let advice = "; build it with `serverless/build.sh`";
    if let Some(version) = newest_glibc(&elf).map_err(unreadable)?.filter(|version| *version > GLIBC) {
        let (ours, version) = (dotted(GLIBC), dotted(version));
        return Err(format!("needs glibc {version}, and the Lambda runtime provided.al2023 has {ours}{advice}"));
    }
    if let Some(library) = libraries(&elf).map_err(unreadable)?.into_iter().find(|name| !LIBRARIES.contains(name)) {
        let library = printable(library);
        return Err(format!("needs {library}, which the Lambda runtime provided.al2023 does not have{advice}"));
    }
    Ok(arch)
}

fn dotted((major, minor): (u32, u32)) -> String {
    format!("{major}.{minor}")
}

/// The newest version of glibc that a symbol asks for; none for a static program.
fn newest_glibc(elf: &ElfBytes<'_, AnyEndian>) -> Result<Option<(u32, u32)>, ParseError> {
    let (Some(versions), Some((symbols, _))) = (elf.symbol_version_table()?, elf.dynamic_symbol_table()?) else {
        return Ok(None);
    };
    let mut newest = None;
    for index in 0..symbols.len() {
        let Some(needed) = versions.get_requirement(index)? else { continue };
        // The loader does without a version that is only wished for.
        if needed.flags & abi::VER_FLG_WEAK != 0 {
            continue;
        }
        let mut parts = needed.name.strip_prefix("GLIBC_").unwrap_or_default().split('.').map(str::parse);
        if let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) {
            newest = newest.max(Some((major, minor)));
        }
    }
    Ok(newest)
}

/// The shared libraries that the program names.
fn libraries<'b>(elf: &ElfBytes<'b, AnyEndian>) -> Result<Vec<&'b str>, ParseError> {
    let (Some(entries), Some((_, names))) = (elf.dynamic()?, elf.dynamic_symbol_table()?) else {
        return Ok(Vec::new());
    };
    let needed = entries.iter().filter(|entry| entry.d_tag == abi::DT_NEEDED);
    needed.map(|entry| names.get(usize::try_from(entry.d_val())?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a program for a processor, without anything after it.
    fn program(machine: u16) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[16..18].copy_from_slice(&2u16.to_le_bytes());
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[52..54].copy_from_slice(&64u16.to_le_bytes());
        bytes
    }

    #[test]
    fn a_program_says_what_it_is_for() {
        assert_eq!(check(&program(abi::EM_X86_64)), Ok(Arch::X86_64));
        assert_eq!(check(&program(abi::EM_AARCH64)), Ok(Arch::Arm64));
        assert!(check(&program(8)).unwrap_err().contains("ELF machine 8"));
        assert!(check(b"#!/bin/sh\n").unwrap_err().contains("is no program for Linux"));
        assert!(check(b"").is_err());
    }

    #[test]
    fn the_wished_processor_is_found_beside() {
        let folder = tempfile::tempdir().unwrap();
        let error = beside(folder.path(), None).unwrap_err();
        assert_eq!(error.status, 2);
        assert!(error.message.contains("serverless/build.sh ARCH"), "{}", error.message);
        fs::write(folder.path().join("bootstrap"), program(abi::EM_AARCH64)).unwrap();
        assert_eq!(beside(folder.path(), None).unwrap().arch, Arch::Arm64);
        let error = beside(folder.path(), Some(Arch::X86_64)).unwrap_err();
        assert!(error.message.contains("is for arm64"), "{}", error.message);
        fs::write(folder.path().join("bootstrap-x86_64"), program(abi::EM_X86_64)).unwrap();
        assert_eq!(beside(folder.path(), Some(Arch::X86_64)).unwrap().arch, Arch::X86_64);
        assert_eq!(beside(folder.path(), Some(Arch::Arm64)).unwrap().arch, Arch::Arm64);
    }

    #[test]
    fn the_named_program_must_fit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        fs::write(&path, program(abi::EM_AARCH64)).unwrap();
        let path = path.to_str();
        assert_eq!(find(path, None).unwrap().arch, Arch::Arm64);
        assert!(find(path, Some(Arch::X86_64)).unwrap_err().message.contains("is for arm64, not for x86_64"));
        assert_eq!(find(Some("/nowhere/bootstrap"), None).unwrap_err().status, 2);
    }

    /// This very test is a program for the machine that it runs on.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    #[test]
    fn versions_and_libraries_are_read() {
        let bytes = fs::read(std::env::current_exe().unwrap()).unwrap();
        let elf = ElfBytes::<AnyEndian>::minimal_parse(&bytes).unwrap();
        if cfg!(target_env = "gnu") {
            assert!(newest_glibc(&elf).unwrap().is_some_and(|version| version >= (2, 2)));
            assert!(libraries(&elf).unwrap().contains(&"libc.so.6"));
        }
    }
}
