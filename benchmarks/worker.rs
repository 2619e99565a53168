//! One model, one phase, one line of JSON: how this engine joins a side-by-side benchmark.
//!
//! `bench_worker --phase cold|steady|load|read|bandwidth|machine|once|answers --model M.joblib [--method predict_proba] [--data SET.npy|SET.jsonl]
//! [--row SET.row.json] [--threads 1] [--bytes 1000000] [--rows 1000,100000] [--budget 0.4] [--cap 0.8] [--out FILE]`
//!
//! * `cold`: the clock at `main`, before and after loading, and after the first answer (CLOCK_MONOTONIC, nanoseconds), and the peak of memory;
//! * `steady`: seconds to load, median and 99th percentile of one-row calls in microseconds, and seconds a batch for each of `rows`;
//! * `load`: seconds to load, again and again, in turn with what no loader can do without: reading the file and undoing its compression;
//! * `read`: as `cold`, of a program that only reads the file into memory;
//! * `bandwidth`: bytes a second when so many `bytes` of memory are read over and over;
//! * `machine`: how fast this processor multiplies and adds doubles, waits for its second cache, starts a thread, and writes to memory that
//!   is new to the process;
//! * `once`: loads, and answers `rows` made-up rows a single time: nothing that differs from run to run, for counting instructions;
//! * `answers`: the answers for the first of `rows` rows, as raw doubles into a file: what two builds or two engines must agree on.
//!
//! Batches of more rows than there are begin again with the first.

#![allow(clippy::print_stdout)]
// The bounds on what the library may call do not hold for a program that measures it.
#![allow(clippy::disallowed_methods)]

use std::{
    collections::HashMap,
    error::Error,
    fs,
    io::Read,
    time::{Duration, Instant},
};

use ndarray::Array2;
use pulp::{Simd, WithSimd};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value as Json, json};
use skestimators::{Array, Method, Model, Output, Samples, Value};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn clock(id: ClockId) -> i64 {
    let time = clock_gettime(id);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// The peak of resident memory in kilobytes.
fn peak_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

/// The rows of a data set, of which any part can become samples.
enum Rows {
    Numbers { values: Vec<f64>, columns: usize },
    Json(Vec<Json>),
}

impl Rows {
    /// The first `limit` rows of a `.npy` file of doubles in C order, or of a file with one JSON row a line.
    fn read(path: &str, limit: usize) -> Result<Rows> {
        if !path.ends_with(".npy") || !fs::exists(path)? {
            let text = fs::read_to_string(path.replace(".npy", ".jsonl"))?;
            return Ok(Rows::Json(
                text.lines().take(limit).map(serde_json::from_str).collect::<std::result::Result<_, _>>()?,
            ));
        }
        let bytes = fs::read(path)?;
        let size = bytes.get(8..10).ok_or("a .npy file has a header")?;
        let body = 10 + usize::from(u16::from_le_bytes([size[0], size[1]]));
        let header = String::from_utf8_lossy(bytes.get(10..body).ok_or("a .npy file has a header")?).into_owned();
        let plain = header.contains("'<f8'") && header.contains("'fortran_order': False");
        let shape = header.split('(').nth(1).and_then(|shape| shape.split(')').next()).filter(|_| plain);
        let shape = shape.ok_or("expected a .npy file of doubles in C order")?;
        let columns: usize = shape.split(',').nth(1).ok_or("expected two dimensions")?.trim().parse()?;
        let (words, _) = bytes[body..].as_chunks::<8>();
        let values = words.iter().take(limit * columns).map(|&word| f64::from_le_bytes(word)).collect();
        Ok(Rows::Numbers { values, columns })
    }

    fn len(&self) -> usize {
        match self {
            Rows::Numbers { values, columns } => values.len() / columns,
            Rows::Json(rows) => rows.len(),
        }
    }

    fn samples(&self, start: usize, count: usize) -> Result<Samples> {
        match self {
            Rows::Numbers { values, columns } => {
                let part = values.iter().copied().cycle().skip(start * columns).take(count * columns).collect();
                Ok(Array2::from_shape_vec((count, *columns), part)?.into())
            }
            Rows::Json(rows) => from_json(rows.iter().cycle().skip(start).take(count)),
        }
    }
}

/// Documents, or rows of numbers, or rows of numbers and texts.
fn from_json<'j>(rows: impl Iterator<Item = &'j Json> + Clone) -> Result<Samples> {
    if rows.clone().all(Json::is_string) {
        return Ok(Samples::Text(rows.filter_map(Json::as_str).map(str::to_owned).collect()));
    }
    let cells = |row: &Json| row.as_array().cloned().ok_or("a row is a list");
    let table: Vec<Vec<Json>> = rows.map(cells).collect::<std::result::Result<_, _>>()?;
    if table.iter().flatten().any(Json::is_string) {
        let value = |cell: &Json| match cell {
            Json::String(text) => Value::Str(text.as_str().into()),
            other => Value::Float(other.as_f64().unwrap_or(f64::NAN)),
        };
        return Ok(Samples::Rows(table.iter().map(|row| row.iter().map(value).collect()).collect()));
    }
    let values = table.iter().flatten().map(|cell| cell.as_f64().unwrap_or(f64::NAN)).collect();
    Ok(Array2::from_shape_vec((table.len(), table.first().map_or(0, Vec::len)), values)?.into())
}

/// One-row calls until the budget is spent, after a short warming up: microseconds in order.
fn latencies(model: &Model, method: Method, rows: &Rows, budget: f64) -> Result<Vec<f64>> {
    let samples: Vec<Samples> = (0..rows.len().min(256)).map(|i| rows.samples(i, 1)).collect::<Result<_>>()?;
    // Reading the clock costs as much as the smallest models: those are timed ten at a time.
    let start = Instant::now();
    for x in samples.iter().cycle().take(100) {
        std::hint::black_box(model.call(method, x)?);
    }
    let group = if start.elapsed() < Duration::from_micros(500) { 10 } else { 1 };
    let mut times = Vec::new();
    let mut next = samples.iter().cycle();
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < budget || times.len() < 5 {
        let start = Instant::now();
        for x in next.by_ref().take(group) {
            std::hint::black_box(model.call(method, x)?);
        }
        times.push(start.elapsed().as_secs_f64() * 1e6 / group as f64);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Seconds for the batch: one entry a repetition, in order, and the seconds of all processors.
fn batches(model: &Model, method: Method, x: &Samples, cap: f64) -> Result<(Vec<f64>, Vec<f64>)> {
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    while wall.is_empty() || begin.elapsed().as_secs_f64() < cap && wall.len() < 50 {
        let (start, before) = (Instant::now(), clock(ClockId::ProcessCPUTime));
        std::hint::black_box(model.call(method, x)?);
        wall.push(start.elapsed().as_secs_f64());
        cpu.push((clock(ClockId::ProcessCPUTime) - before) as f64 / 1e9);
    }
    wall.sort_by(f64::total_cmp);
    cpu.sort_by(f64::total_cmp);
    Ok((wall, cpu))
}

/// The numbers of an answer, or the positions of its labels.
fn numbers(output: Output) -> Result<Vec<f64>> {
    let output = match output {
        Output::Samples(Samples::Dense(x)) => Output::Array(x.into()),
        other => other,
    };
    let array = output.into_array().as_ref().and_then(Array::to_f64);
    Ok(array.ok_or("the answer is not one array of numbers")?.into_iter().collect())
}

/// The bytes of a file without their compression, by the decompressor alone.
fn unpacked(path: &str, capacity: usize) -> Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    let mut out = Vec::with_capacity(capacity);
    match bytes[..] {
        [0x78, ..] => flate2::read::ZlibDecoder::new(&bytes[..]).read_to_end(&mut out)?,
        [0x04, 0x22, 0x4d, 0x18, ..] => lz4_flex::frame::FrameDecoder::new(&bytes[..]).read_to_end(&mut out)?,
        [0xfd, b'7', b'z', ..] => lzma_rust2::XzReader::new(&bytes[..], true).read_to_end(&mut out)?,
        _ => return Ok(bytes),
    };
    Ok(out)
}

/// The model in a file, loaded as the program `sklambda` does it: by all processors.
fn loaded(path: &str) -> Result<Model> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let graph = skpickle::load_path_in_threads(path, &Default::default(), threads)?;
    Ok(Model::from_graph_in_threads(&graph, None, threads)?)
}

/// Loading against reading and decompressing alone, in turn.
fn loads(path: &str, cap: f64) -> Result<Json> {
    let size = unpacked(path, 0)?.len();
    let (mut load, mut unpack) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    while load.len() < 3 || begin.elapsed().as_secs_f64() < cap && load.len() < 50 {
        let start = Instant::now();
        let model = loaded(path)?;
        load.push(start.elapsed().as_secs_f64());
        drop(model);
        let start = Instant::now();
        let bytes = unpacked(path, size)?;
        unpack.push(start.elapsed().as_secs_f64());
        drop(bytes);
    }
    load.sort_by(f64::total_cmp);
    unpack.sort_by(f64::total_cmp);
    let (mid, reps) = (load.len() / 2, load.len());
    let mut times = json!({"load_s": load[mid], "best_s": load[0], "reps": reps, "bytes": size});
    times["unpack_s"] = unpack[mid].into();
    times["unpack_best_s"] = unpack[0].into();
    Ok(times)
}

/// Bytes a second when `size` bytes are read over and over: what bounds a model whose weights are each read once a row.
fn bandwidth(size: usize, budget: f64) -> Json {
    let words = vec![1.0f64; size / 8];
    let (mut times, begin) = (Vec::new(), Instant::now());
    while begin.elapsed().as_secs_f64() < budget || times.len() < 5 {
        let start = Instant::now();
        let mut sums = [0.0; 32];
        for chunk in std::hint::black_box(&words).as_chunks::<32>().0 {
            for (sum, word) in sums.iter_mut().zip(chunk) {
                *sum += word;
            }
        }
        std::hint::black_box(sums);
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    json!({"bytes": size, "GBps": size as f64 / times[times.len() / 2] / 1e9, "best_GBps": size as f64 / times[0] / 1e9})
}

/// Multiplies and adds in registers alone, so many rounds; how often it did.
struct MultiplyAdd(usize);

impl WithSimd for MultiplyAdd {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        // As many sums as keep both units busy while each waits for its last product.
        let mut sums = [simd.splat_f64s(0.0); 12];
        let (x, y) = (simd.splat_f64s(std::hint::black_box(0.5)), simd.splat_f64s(std::hint::black_box(0.25)));
        for _ in 0..self.0 {
            for sum in &mut sums {
                *sum = simd.mul_add_f64s(x, y, *sum);
            }
        }
        std::hint::black_box(sums.map(|sum| simd.reduce_sum_f64s(sum)));
        self.0 * sums.len() * S::F64_LANES
    }
}

/// What bounds any program on this machine.
fn machine(budget: f64) -> Json {
    let median = |work: &mut dyn FnMut()| {
        let (mut times, begin) = (Vec::new(), Instant::now());
        while begin.elapsed().as_secs_f64() < budget || times.len() < 5 {
            let start = Instant::now();
            work();
            times.push(start.elapsed().as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let arch = pulp::Arch::new();
    let mut products = 0;
    let multiplying = median(&mut || products = arch.dispatch(MultiplyAdd(1_000_000)));
    let multiplying_twice = median(&mut || {
        std::thread::scope(|scope| {
            scope.spawn(|| arch.dispatch(MultiplyAdd(1_000_000)));
            arch.dispatch(MultiplyAdd(1_000_000));
        });
    });
    // A ring through 256 kB: each number says where the next one stands.
    let ring: Vec<usize> = (0..1 << 15).map(|i: usize| (i * 25_173 + 13_849) % (1 << 15)).collect();
    let waiting = median(&mut || {
        std::hint::black_box((0..ring.len()).fold(0, |at, _| ring[at]));
    });
    let starting = median(&mut || std::thread::scope(|scope| drop(scope.spawn(|| std::hint::black_box(0)))));
    let size = 1 << 26;
    let writing = median(&mut || drop(std::hint::black_box(vec![1u8; size])));
    json!({
        "GFLOPS": 2.0 * products as f64 / multiplying / 1e9,
        "two_threads": 2.0 * multiplying / multiplying_twice,
        "wait_ns": waiting / ring.len() as f64 * 1e9,
        "thread_us": starting * 1e6,
        "new_GBps": size as f64 / writing / 1e9,
    })
}

/// Rows of made-up numbers, or of made-up words, as the model takes them.
fn made_up(model: &Model, count: usize) -> Result<Samples> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let Some(columns) = model.n_features_in() else {
        let syllables = ["ka", "lo", "mi", "ter", "an", "ve", "su", "ron", "pi", "gra", "el", "do"];
        let mut word = || (0..1 + next() % 3).map(|i| syllables[(next() + i) as usize % syllables.len()]).collect();
        return Ok(Samples::Text(
            (0..count).map(|_| (0..50).map(|_| word()).collect::<Vec<String>>().join(" ")).collect(),
        ));
    };
    Ok(Array2::from_shape_simple_fn((count, columns), || next() as f64 / f64::from(1 << 29) - 2.0).into())
}

fn main() -> Result<()> {
    let t_main = clock(ClockId::Monotonic);
    let words: Vec<String> = std::env::args().skip(1).collect();
    let args: HashMap<&str, &str> =
        words.chunks_exact(2).map(|pair| (pair[0].trim_start_matches('-'), pair[1].as_str())).collect();
    let need = |name: &str| args.get(name).copied().ok_or_else(|| format!("--{name} is missing"));
    let number = |name: &str, default: f64| args.get(name).map_or(Ok(default), |text| text.parse());
    let method = Method::from_name(args.get("method").unwrap_or(&"predict")).ok_or("no such method")?;
    let times = |t_import: i64, t_load: i64, t_first: i64| json!({"t_main": t_main, "t_import": t_import, "t_load": t_load, "t_first": t_first, "hwm_kb": peak_kb()});
    match need("phase")? {
        "read" => {
            std::hint::black_box(fs::read(need("model")?)?);
            let t_read = clock(ClockId::Monotonic);
            println!("{}", times(t_main, t_read, t_read));
            return Ok(());
        }
        "load" => {
            let mut result = loads(need("model")?, number("cap", 0.8)?)?;
            result["hwm_kb"] = peak_kb().into();
            println!("{result}");
            return Ok(());
        }
        "once" => {
            let model = Model::from_path(need("model")?)?;
            let count = number("rows", 0.0)? as usize;
            if count > 0 {
                std::hint::black_box(model.call(method, &made_up(&model, count)?)?);
            }
            std::process::exit(0);
        }
        "machine" => {
            println!("{}", machine(number("budget", 0.4)?));
            return Ok(());
        }
        "bandwidth" => {
            println!("{}", bandwidth(need("bytes")?.parse()?, number("budget", 0.4)?));
            return Ok(());
        }
        _ => {}
    }
    if need("phase")? == "cold" {
        let t_import = clock(ClockId::Monotonic);
        let model = loaded(need("model")?)?;
        let t_load = clock(ClockId::Monotonic);
        let x = from_json(std::iter::once(&serde_json::from_str(&fs::read_to_string(need("row")?)?)?))?;
        std::hint::black_box(model.call(method, &x)?);
        let t_first = clock(ClockId::Monotonic);
        println!("{}", times(t_import, t_load, t_first));
        std::process::exit(0);
    }
    let sizes: Vec<usize> = args.get("rows").unwrap_or(&"").split(',').filter_map(|size| size.parse().ok()).collect();
    let most = sizes.iter().copied().max().unwrap_or(0);
    let start = Instant::now();
    let model = Model::from_path(need("model")?)?;
    let load = start.elapsed().as_secs_f64();
    let model = model.with_threads(number("threads", 1.0)? as usize);
    let rows = Rows::read(need("data")?, most.max(256))?;
    if need("phase")? == "answers" {
        let answers = numbers(model.call(method, &rows.samples(0, most)?)?)?;
        fs::write(need("out")?, answers.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())?;
        return Ok(());
    }
    let (budget, cap) = (number("budget", 0.4)?, number("cap", 0.8)?);
    let mut result = json!({"load_s": load});
    if budget > 0.0 {
        let times = latencies(&model, method, &rows, budget)?;
        result["n"] = times.len().into();
        result["p50_us"] = times[times.len() / 2].into();
        result["p99_us"] = times[times.len() * 99 / 100].into();
        result["min_us"] = times[0].into();
    }
    let mut per_row: Option<f64> = None;
    for &size in &sizes {
        let mut count = size;
        if let Some(seconds) = per_row.filter(|seconds| seconds * count as f64 > cap) {
            count = (((cap / seconds) as usize) / 1000 * 1000).clamp(1000.min(count), count);
        }
        let (wall, cpu) = batches(&model, method, &rows.samples(0, count)?, cap)?;
        per_row = Some(wall[0] / count as f64);
        let (median, cpu) = (wall[wall.len() / 2], cpu[cpu.len() / 2]);
        result["batch"][size.to_string()] =
            json!({"rows": count, "reps": wall.len(), "s": median, "best_s": wall[0], "cpu_s": cpu});
    }
    result["hwm_kb"] = peak_kb().into();
    println!("{result}");
    std::process::exit(0);
}
