//! A Lambda program of one's own with its model in S3: the handler, and what the function adds to it.
//!
//!     cargo build --release -p sklambda --example lambda_s3
//!     cp target/release/examples/lambda_s3 bootstrap && zip function.zip bootstrap
//!
//! The function (runtime `provided.al2023`) needs `s3:GetObject` on the one object, and two variables: `MODEL_BUCKET` and
//! `MODEL_KEY`. The region and the credentials are those that Lambda gives it. `serverless/README.md` has the commands.
#![allow(clippy::print_stderr)]

use std::process::ExitCode;

use sklambda::{Handler, Loaded, lambda::Logging, load};

/// The address of the model, from the function's own variables.
fn address() -> Result<String, String> {
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("the variable {name} is not set"));
    Ok(format!("s3://{}/{}", variable("MODEL_BUCKET")?, variable("MODEL_KEY")?))
}

fn main() -> ExitCode {
    // Called before the first request, and again before the next one if it fails.
    let handler = Handler::new(|| {
        let address = address()?;
        let loaded = load(Some(&address))?;
        if let Loaded::Model(model, _) = &loaded {
            eprintln!("{} of scikit-learn {}", model.key(), model.sklearn_version().unwrap_or("unknown"));
        }
        Ok(loaded)
    });
    match sklambda::lambda::run(handler, Logging::default(), |line: &str| eprintln!("{line}")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
