//! `sklambda completions` and `sklambda man`: what shells and `man` need to know of the command line.

use std::{io::Write, str::FromStr};

use clap::{Arg, ArgMatches, Command};

use super::Failure;

pub(super) fn completions() -> Command {
    Command::new("completions")
        .about("Prints the completions of a shell")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(["bash", "zsh", "fish", "elvish", "powershell"])
                .help("The shell"),
        )
        .after_help(
            "Examples:
  sklambda completions bash > ~/.local/share/bash-completion/completions/sklambda
  sklambda completions zsh > ~/.zfunc/_sklambda      (with fpath+=~/.zfunc before compinit)
  sklambda completions fish > ~/.config/fish/completions/sklambda.fish",
        )
}

pub(super) fn man() -> Command {
    Command::new("man")
        .about("Prints the manual page of the program or of one of its commands")
        .arg(Arg::new("command").value_name("COMMAND").help("The command [default: the program]"))
        .after_help("Examples:\n  sklambda man > ~/.local/share/man/man1/sklambda.1\n  sklambda man predict | man -l -")
}

pub(super) fn run_completions(matches: &ArgMatches, mut cli: Command) -> Result<(), Failure> {
    let word = matches.get_one::<String>("shell").map(String::as_str).unwrap_or_default();
    let shell = clap_complete::Shell::from_str(word).map_err(Failure::usage)?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli, "sklambda", &mut script);
    print(&script)
}

pub(super) fn run_man(matches: &ArgMatches, mut cli: Command) -> Result<(), Failure> {
    cli.build();
    let page = match matches.get_one::<String>("command") {
        None => cli,
        Some(name) => {
            let names: Vec<&str> = cli.get_subcommands().map(Command::get_name).collect();
            let names = names.join(", ");
            let found = cli.find_subcommand(name).cloned();
            found.ok_or_else(|| {
                Failure::usage(format!("no command '{}'; there are {names}", skpickle::printable(name)))
            })?
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(|e| Failure::other(format!("cannot write: {e}")))?;
    print(&text)
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    std::io::stdout().lock().write_all(bytes).map_err(|e| Failure::output(&e))
}
