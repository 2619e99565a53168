//! A file that stands under its name only when it is complete.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use crate::cli::Failure;

pub(super) enum File {
    Standard(BufWriter<std::io::Stdout>),
    /// The file under its provisional name, and the two names. What is no plain file is written where it is.
    Named {
        writer: Option<BufWriter<std::fs::File>>,
        part: String,
        path: String,
    },
}

impl File {
    /// Creates the file; `-` is standard output.
    pub(super) fn create(path: &str) -> Result<File, Failure> {
        if path == "-" {
            return Ok(File::Standard(BufWriter::new(std::io::stdout())));
        }
        let special = std::fs::metadata(path).is_ok_and(|meta| !meta.is_file());
        let part = if special { path.to_owned() } else { format!("{path}.part") };
        let file = std::fs::File::create(&part)
            .map_err(|e| Failure::other(format!("cannot write '{}': {e}", skpickle::printable(path))))?;
        Ok(File::Named { writer: Some(BufWriter::with_capacity(256 << 10, file)), part, path: path.to_owned() })
    }

    /// Whether bytes that were written can be written anew.
    pub(super) fn can_seek(&self) -> bool {
        matches!(self, File::Named { part, path, .. } if part != path)
    }

    /// Writes over the bytes at the start.
    #[allow(clippy::needless_pass_by_ref_mut)]
    pub(super) fn overwrite(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if let File::Named { writer: Some(writer), .. } = self {
            writer.seek(SeekFrom::Start(0))?;
            writer.write_all(bytes)?;
            writer.seek(SeekFrom::End(0))?;
        }
        Ok(())
    }

    /// Gives the file its name.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.flush().map_err(|e| self.failed(&e))?;
        if let File::Named { writer, part, path } = &mut self {
            drop(writer.take());
            if part != path {
                std::fs::rename(&part, &path)
                    .map_err(|e| Failure::other(format!("cannot write '{}': {e}", skpickle::printable(path))))?;
            }
        }
        Ok(())
    }

    #[cold]
    pub(super) fn failed(&self, e: &io::Error) -> Failure {
        match self {
            File::Standard(_) => Failure::output(e),
            File::Named { path, .. } => Failure::other(format!("cannot write '{}': {e}", skpickle::printable(path))),
        }
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            File::Standard(out) => out.write(bytes),
            File::Named { writer: Some(out), .. } => out.write(bytes),
            File::Named { .. } => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            File::Standard(out) => out.flush(),
            File::Named { writer: Some(out), .. } => out.flush(),
            File::Named { .. } => Ok(()),
        }
    }
}

impl Drop for File {
    /// What is not complete does not stay.
    fn drop(&mut self) {
        if let File::Named { writer, part, path } = self
            && writer.take().is_some()
            && part != path
        {
            let _ = std::fs::remove_file(part);
        }
    }
}
