//! ONNX Runtime without Python: one model, one phase, one line of JSON, as `worker.rs` prints it.
//!
//! `onnx_host --lib libonnxruntime.so --model M.onnx --output NAME --data SET.npy --phase cold|steady [--double]
//! [--threads 1] [--rows 1000,100000] [--budget 0.4] [--cap 0.8]`

use std::{collections::HashMap, error::Error, fs::File, io::Read, time::Instant};

use ort::{
    session::{Session, builder::GraphOptimizationLevel},
    value::TensorRef,
};
use rustix::time::{ClockId, clock_gettime};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn clock(id: ClockId) -> i64 {
    let time = clock_gettime(id);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// The peak of resident memory in kilobytes.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Rows as the graph takes them.
enum Rows {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

/// The first rows of a `.npy` file of doubles in C order, and how many columns they have.
fn read(path: &str, limit: usize, double: bool) -> Result<(Rows, usize)> {
    let mut file = File::open(path)?;
    let mut start = [0; 10];
    file.read_exact(&mut start)?;
    let mut header = vec![0; usize::from(u16::from_le_bytes([start[8], start[9]]))];
    file.read_exact(&mut header)?;
    let header = String::from_utf8(header)?;
    let shape = header.split("'shape': (").nth(1).and_then(|rest| rest.split(')').next()).ok_or("no shape")?;
    let shape: Vec<usize> = shape.split(',').filter_map(|size| size.trim().parse().ok()).collect();
    let [rows, columns] = shape[..] else { return Err("expected two dimensions".into()) };
    let mut bytes = vec![0; rows.min(limit) * columns * 8];
    file.read_exact(&mut bytes)?;
    let (words, _) = bytes.as_chunks::<8>();
    let values = words.iter().map(|&word| f64::from_le_bytes(word));
    Ok((
        if double { Rows::Double(values.collect()) } else { Rows::Single(values.map(|v| v as f32).collect()) },
        columns,
    ))
}

struct Model {
    session: Session,
    input: String,
    output: String,
}

impl Model {
    /// Answers rows `start` to `start + count`; the answer's length, so that nothing is optimised away.
    fn run(&mut self, rows: &Rows, columns: usize, start: usize, count: usize) -> Result<usize> {
        let (shape, part) = ([count, columns], start * columns..(start + count) * columns);
        let name = self.input.as_str();
        let answers = match rows {
            Rows::Single(x) => {
                self.session.run(ort::inputs![name => TensorRef::from_array_view((shape, &x[part]))?])?
            }
            Rows::Double(x) => {
                self.session.run(ort::inputs![name => TensorRef::from_array_view((shape, &x[part]))?])?
            }
        };
        let answer = answers.get(self.output.as_str()).ok_or("no such output")?;
        Ok(std::hint::black_box(answer.shape().iter().product::<i64>()) as usize)
    }
}

fn main() -> Result<()> {
    let t_main = clock(ClockId::Monotonic);
    let words: Vec<String> = std::env::args().skip(1).collect();
    let double = words.iter().any(|word| word == "--double");
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|&word| word != "--double").collect();
    let args: HashMap<&str, &str> =
        words.chunks_exact(2).map(|pair| (pair[0].trim_start_matches('-'), pair[1])).collect();
    let need = |name: &str| args.get(name).copied().ok_or_else(|| format!("--{name} is missing"));
    let number = |name: &str, default: f64| args.get(name).map_or(Ok(default), |text| text.parse());
    let environment = ort::init_from(need("lib")?)?.with_telemetry(false).build()?;
    let t_import = clock(ClockId::Monotonic);
    let session = Session::builder(&environment)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(number("threads", 1.0)? as usize)?
        .commit_from_file(need("model")?)?;
    let t_load = clock(ClockId::Monotonic);
    let input = session.inputs()[0].name().to_owned();
    let mut model = Model { session, input, output: need("output")?.to_owned() };
    if need("phase")? == "cold" {
        let (rows, columns) = read(need("data")?, 1, double)?;
        model.run(&rows, columns, 0, 1)?;
        let t_first = clock(ClockId::Monotonic);
        let peak = peak_kb();
        println!(
            r#"{{"t_main":{t_main},"t_import":{t_import},"t_load":{t_load},"t_first":{t_first},"hwm_kb":{peak}}}"#
        );
        std::process::exit(0);
    }
    let sizes: Vec<usize> = args.get("rows").unwrap_or(&"").split(',').filter_map(|size| size.parse().ok()).collect();
    let (rows, columns) = read(need("data")?, sizes.iter().copied().max().unwrap_or(0).max(256), double)?;
    let all = match &rows {
        Rows::Single(x) => x.len() / columns,
        Rows::Double(x) => x.len() / columns,
    };
    let mut out = format!(r#"{{"load_s":{}"#, (t_load - t_import) as f64 / 1e9);
    let (budget, cap) = (number("budget", 0.4)?, number("cap", 0.8)?);
    if budget > 0.0 {
        let (mut times, begin) = (Vec::new(), Instant::now());
        for row in 0..20 {
            model.run(&rows, columns, row, 1)?;
        }
        while begin.elapsed().as_secs_f64() < budget || times.len() < 5 {
            let start = Instant::now();
            model.run(&rows, columns, times.len() % all.min(256), 1)?;
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
        times.sort_by(f64::total_cmp);
        let (n, least) = (times.len(), times[0]);
        let (p50, p99) = (times[n / 2], times[n * 99 / 100]);
        out += &format!(r#","n":{n},"p50_us":{p50},"p99_us":{p99},"min_us":{least}"#);
    }
    let mut each: Option<f64> = None;
    let mut batches = Vec::new();
    for size in sizes {
        let mut count = size.min(all);
        if let Some(seconds) = each.filter(|seconds| seconds * count as f64 > cap) {
            count = (((cap / seconds) as usize) / 1000 * 1000).clamp(1000.min(count), count);
        }
        let (mut wall, mut cpu, begin) = (Vec::new(), Vec::new(), Instant::now());
        while wall.is_empty() || begin.elapsed().as_secs_f64() < cap && wall.len() < 50 {
            let (start, before) = (Instant::now(), clock(ClockId::ProcessCPUTime));
            model.run(&rows, columns, 0, count)?;
            wall.push(start.elapsed().as_secs_f64());
            cpu.push((clock(ClockId::ProcessCPUTime) - before) as f64 / 1e9);
        }
        wall.sort_by(f64::total_cmp);
        cpu.sort_by(f64::total_cmp);
        each = Some(wall[0] / count as f64);
        let (reps, s, best, cpu) = (wall.len(), wall[wall.len() / 2], wall[0], cpu[cpu.len() / 2]);
        batches.push(format!(r#""{size}":{{"rows":{count},"reps":{reps},"s":{s},"best_s":{best},"cpu_s":{cpu}}}"#));
    }
    println!(r#"{out},"batch":{{{}}},"hwm_kb":{}}}"#, batches.join(","), peak_kb());
    std::process::exit(0);
}
