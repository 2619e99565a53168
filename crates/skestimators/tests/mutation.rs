//! No byte of a file can make inference panic, loop or eat memory: valid models with one byte changed, or cut short, are
//! refused, or loaded and asked every method they have.
//!
//! `cargo test` takes a sample. All of it, in an optimised build with overflow checks and with the time of each file held to 100 ms:
//!
//! ```sh
//! cargo test --profile checked -p skestimators --test mutation -- --ignored --nocapture
//! ```
//!
//! `MUTATION_MODELS` names a folder with more models, `CASE/model.*`; `MUTATION_STEP=16` takes every sixteenth byte. With `MUTATION_KEEP`, a folder,
//! only the models of the other folder are taken, and files with an answer that is not finite are kept there with their rows, for
//! `.ci/not_finite.py`: scikit-learn's answer should not be finite either.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]
// What the library may not do, its test may: keep a file, and end a run that would not end.
#![allow(clippy::disallowed_methods)]

#[path = "conformance/inputs.rs"]
mod inputs;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::Value as Json;
use skestimators::{Array, Model, Output, Samples};

/// What a changed file may cost above its own size.
const MEMORY: u64 = 64 << 20;
/// How long a changed file may take in an optimised build.
const TIME: Duration = Duration::from_millis(100);
/// After how long the clock says that it will never end, in any build and on any machine.
const HANGS: Duration = Duration::from_secs(60);

/// A small model as an uncompressed stream, and rows that its class takes.
struct Seed {
    name: String,
    stream: Vec<u8>,
    rows: Vec<Samples>,
}

/// The smallest file of every class: the one that is kept when there are several.
#[derive(Default)]
struct Seeds(BTreeMap<String, Seed>);

impl Seeds {
    fn add(&mut self, class: &str, path: &Path, rows: &dyn Fn(&Model) -> Vec<Samples>) {
        let Some(stream) = fs::read(path).ok().and_then(plain).filter(|stream| stream.len() < 10_000) else { return };
        if self.0.get(class).is_some_and(|seed| seed.stream.len() <= stream.len()) {
            return;
        }
        let Ok(model) = Model::from_bytes(stream.clone()) else { return };
        let parts: Vec<_> = path.iter().rev().take(3).map(|part| part.to_string_lossy()).collect();
        let name = format!("{}/{}/{}", parts[2], parts[1], parts[0]);
        self.0.insert(class.to_owned(), Seed { name, stream, rows: rows(&model) });
    }

    /// The fixtures, with the rows that they were recorded with.
    fn fixtures(&mut self) {
        let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
        for case in folders(&testdata).iter().flat_map(|package| folders(package)) {
            let Ok(text) = fs::read_to_string(case.join("expected.json")) else { continue };
            let expected: Json = serde_json::from_str(&text).unwrap();
            let Some(class) = expected["estimator"].as_str() else { continue };
            let Some(x) = recorded(&expected["inputs"]) else { continue };
            for entry in expected["versions"].as_object().unwrap().values() {
                self.add(class, &case.join(entry["file"].as_str().unwrap()), &|_| vec![x.clone()]);
            }
        }
    }

    /// Other models, of classes that may have no fixture: `CASE/model.*` below a folder.
    fn others(&mut self, root: &Path) {
        for case in folders(root) {
            for file in fs::read_dir(case).unwrap().flatten() {
                if file.file_name().to_string_lossy().starts_with("model.") {
                    let class =
                        fs::read(file.path()).ok().and_then(plain).and_then(|bytes| Model::from_bytes(bytes).ok());
                    let Some(class) = class.map(|model| model.key()) else { continue };
                    self.add(class, &file.path(), &made_up);
                }
            }
        }
    }
}

/// Folders in a folder, in order.
fn folders(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root).unwrap().flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

fn recorded(inputs: &Json) -> Option<Samples> {
    let input = inputs.get("X").or_else(|| inputs.as_object()?.values().next())?;
    inputs::samples(input).ok()
}

/// Rows for a model that nothing is known about.
fn made_up(model: &Model) -> Vec<Samples> {
    let values = [0.0, 1.0, -1.5, 3.0, 1e300, f64::NAN];
    let width = model.n_features_in().unwrap_or(3).min(100);
    let numbers =
        |known: usize| Samples::from(ndarray::Array2::from_shape_fn((3, width), |(i, j)| values[(i + j) % known]));
    vec![numbers(4), numbers(6), Samples::Text(vec!["the quick brown fox".into(), String::new()].into())]
}

fn plain(bytes: Vec<u8>) -> Option<Vec<u8>> {
    match bytes.first() {
        Some(0x80) => Some(bytes),
        Some(0x78) => {
            let mut out = Vec::new();
            flate2::read::ZlibDecoder::new(bytes.as_slice()).read_to_end(&mut out).ok()?;
            Some(out)
        }
        _ => None,
    }
}

/// What became of the changed files.
#[derive(Default)]
struct Tally {
    models: usize,
    files: u64,
    refused: u64,
    finite: u64,
    not_finite: u64,
    input_refused: u64,
    slowest: (Duration, String),
    largest: (u64, String),
    faults: Vec<String>,
}

enum Answer {
    Refused,
    Finite,
    /// Methods and the numbers of the rows they were asked with.
    NotFinite(Vec<(&'static str, usize)>),
    /// The model was loaded, and refused the rows.
    Input,
}

fn ask(stream: Vec<u8>, rows: &[Samples]) -> Answer {
    let Ok(model) = Model::from_bytes(stream) else { return Answer::Refused };
    let (mut not_finite, mut answered) = (Vec::new(), false);
    for (i, x) in rows.iter().enumerate() {
        for method in model.methods() {
            if let Ok(output) = model.call(method, x) {
                answered = true;
                if !all_finite(&output) {
                    not_finite.push((method.name(), i));
                }
            }
        }
    }
    match (answered, not_finite.is_empty()) {
        (false, _) => Answer::Input,
        (true, true) => Answer::Finite,
        (true, false) => Answer::NotFinite(not_finite),
    }
}

/// Keeps a file with an answer that is not finite.
fn keep(folder: &Path, number: u64, what: &str, stream: &[u8], asked: &[(&str, usize)], rows: &[Samples]) {
    let numbers = |x: &Samples| match x {
        Samples::Dense(x) => {
            x.rows().into_iter().map(|row| row.iter().map(|v| format!("{v:?}")).collect::<Vec<_>>()).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    let rows: Vec<_> = rows.iter().map(numbers).collect();
    let about = serde_json::json!({"what": what, "asked": asked, "rows": rows});
    let name = format!("{}-{number}", what.replace(['/', ' ', '^'], "_"));
    fs::write(folder.join(format!("{name}.pkl")), stream).unwrap();
    fs::write(folder.join(format!("{name}.json")), about.to_string()).unwrap();
}

fn all_finite(output: &Output) -> bool {
    let array = |array: &Array| match array {
        Array::F64(values) => values.iter().all(|v| v.is_finite()),
        _ => true,
    };
    match output {
        Output::Array(one) => array(one),
        Output::Arrays(many) => many.iter().all(array),
        Output::Samples(Samples::Dense(values)) => values.iter().all(|v| v.is_finite()),
        Output::Samples(Samples::Sparse(values)) => values.data().iter().all(|v| v.is_finite()),
        _ => true,
    }
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.models += other.models;
        self.files += other.files;
        self.refused += other.refused;
        self.finite += other.finite;
        self.not_finite += other.not_finite;
        self.input_refused += other.input_refused;
        if other.slowest.0 > self.slowest.0 {
            self.slowest = other.slowest;
        }
        if other.largest.0 > self.largest.0 {
            self.largest = other.largest;
        }
        self.faults.extend(other.faults);
    }

    fn judge(&mut self, what: &str, stream: Vec<u8>, rows: &[Samples]) {
        self.files += 1;
        let size = stream.len() as u64;
        let start = cpu_time();
        let mut answer = None;
        let kept = std::env::var_os("MUTATION_KEEP").map(|folder| (folder, stream.clone()));
        let used = allocation_counter::measure(|| {
            answer = catch_unwind(AssertUnwindSafe(|| ask(stream, rows))).ok();
        });
        let spent = cpu_time().saturating_sub(start);
        match answer {
            None => self.faults.push(format!("{what}: {}", PANIC.with_borrow(String::clone))),
            Some(Answer::Refused) => self.refused += 1,
            Some(Answer::Finite) => self.finite += 1,
            Some(Answer::NotFinite(asked)) => {
                self.not_finite += 1;
                if let Some((folder, stream)) = kept {
                    keep(Path::new(&folder), self.files, what, &stream, &asked, rows);
                }
            }
            Some(Answer::Input) => self.input_refused += 1,
        }
        if used.bytes_max > size + MEMORY {
            self.faults.push(format!("{what}: {} bytes at once", used.bytes_max));
        }
        if used.bytes_max > self.largest.0 {
            self.largest = (used.bytes_max, what.to_owned());
        }
        if spent > self.slowest.0 {
            self.slowest = (spent, what.to_owned());
        }
    }
}

/// Processor time of this thread where the system says, since other programs may be running; else the clock's.
fn cpu_time() -> Duration {
    thread_local! { static START: Instant = Instant::now(); }
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = stat.and_then(|text| text.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| START.with(Instant::elapsed), Duration::from_nanos)
}

/// Changes every `step`-th byte of every seed to several other values, and cuts the stream there; each processor takes a seed at a time.
fn run(seeds: &Seeds, step: impl Fn(usize) -> usize + Sync, done: impl Fn(&Tally, &str) + Sync) -> Tally {
    std::panic::set_hook(Box::new(|info| PANIC.set(info.to_string().replace('\n', " "))));
    let queue = Mutex::new(seeds.0.values().enumerate());
    let sum = Mutex::new(Tally::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let asked: Vec<_> = (0..threads).map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for asked in &asked {
            let (queue, sum, step, done) = (&queue, &sum, &step, &done);
            scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((number, seed)) = next else { return };
                    let tally = change(seed, number, step(seed.stream.len()), asked);
                    let mut sum = sum.lock().unwrap();
                    sum.add(tally);
                    done(&sum, &seed.name);
                }
            });
        }
        // What never ends has a name too.
        while sum.lock().unwrap().models < seeds.0.len() {
            std::thread::sleep(Duration::from_millis(20));
            for asked in asked.iter().filter_map(|asked| asked.lock().unwrap().clone()) {
                let (what, since): (String, Instant) = asked;
                if since.elapsed() > HANGS {
                    eprintln!("{what}: no end after {HANGS:?}");
                    std::process::exit(1);
                }
            }
        }
    });
    drop(std::panic::take_hook());
    sum.into_inner().unwrap()
}

/// The file that a thread asks, and since when.
type Asked = Mutex<Option<(String, Instant)>>;

fn change(Seed { name, stream: valid, rows }: &Seed, number: usize, step: usize, asked: &Asked) -> Tally {
    let mut tally = Tally { models: 1, ..Tally::default() };
    let mut judge = |what: String, stream| {
        *asked.lock().unwrap() = Some((what.clone(), Instant::now()));
        tally.judge(&what, stream, rows);
    };
    for at in (number % step..valid.len()).step_by(step) {
        // One bit of eight in turn, and all of them.
        for mask in [1u8 << (at / step % 8), 0xff] {
            let mut stream = valid.clone();
            stream[at] ^= mask;
            judge(format!("{name} byte {at} ^ {mask:#04x}"), stream);
        }
        judge(format!("{name} cut at {at}"), valid[..at].to_vec());
    }
    *asked.lock().unwrap() = None;
    tally
}

#[test]
fn a_changed_byte_is_refused_or_answered() {
    let mut seeds = Seeds::default();
    seeds.fixtures();
    let tally = run(&seeds, |len| (len / 16).max(1), |_, _| ());
    assert!(tally.models > 100, "{} classes have a small file", tally.models);
    assert!(tally.files > 4_000 && tally.refused > tally.files / 2 && tally.finite > 0, "{} files", tally.files);
    assert!(tally.faults.is_empty(), "{}", tally.faults.join("\n"));
}

#[test]
#[ignore = "some 900,000 files: half an hour in an optimised build"]
fn every_changed_byte_is_refused_or_answered() {
    let mut seeds = Seeds::default();
    if std::env::var_os("MUTATION_KEEP").is_none() {
        seeds.fixtures();
    }
    if let Some(folder) = std::env::var_os("MUTATION_MODELS").filter(|folder| !folder.is_empty()) {
        seeds.others(Path::new(&folder));
    }
    let step = std::env::var("MUTATION_STEP").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let models = seeds.0.len();
    let mut tally = run(
        &seeds,
        |_| step,
        |sum, name| println!("{:>3} of {models}: {} files, {} faults, {name}", sum.models, sum.files, sum.faults.len()),
    );
    println!("{} models", tally.models);
    println!(
        "{} files: {} refused, {} with finite answers, {} with an answer that is not finite, {} whose rows were refused",
        tally.files, tally.refused, tally.finite, tally.not_finite, tally.input_refused
    );
    println!("slowest {:?}: {}", tally.slowest.0, tally.slowest.1);
    println!("most memory {} bytes: {}", tally.largest.0, tally.largest.1);
    if tally.slowest.0 > TIME {
        tally.faults.push(format!("{}: {:?}", tally.slowest.1, tally.slowest.0));
    }
    assert!(tally.faults.is_empty(), "{} faults\n{}", tally.faults.len(), tally.faults.join("\n"));
}
