//! The command line: see `sklambda --help`.

fn main() -> std::process::ExitCode {
    sklambda::cli::run(std::env::args_os())
}
