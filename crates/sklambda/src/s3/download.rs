//! An object in parts: the first answer is read from the front, and further connections take the parts that follow.

use std::{
    collections::VecDeque,
    io::Read,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ureq::{
    Body, BodyReader,
    http::{HeaderMap, Response},
};

use super::{
    checksum::Checksum,
    client::Client,
    failure::{Failure, Tries, pause},
};

/// A try that brought so much has not failed, wherever it broke off.
const PROGRESS: u64 = 64 << 10;

/// How an object is read.
pub(super) struct Plan {
    /// Bytes of an object at most.
    pub(super) limit: u64,
    /// Bytes of a part, and connections at one time.
    pub(super) part: usize,
    pub(super) connections: usize,
    /// Tries that end without progress before the error is given to the caller.
    pub(super) tries: u32,
    /// A peer that sends nothing for so long has gone.
    pub(super) stalled: Duration,
    /// How long tries may go on without progress. Lambda gives a function ten seconds to start, and an answer that says
    /// why there is no model is better than a start that is cut off.
    pub(super) fruitless: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            limit: u64::MAX,
            part: 8 << 20,
            connections: 8,
            tries: 4,
            stalled: Duration::from_secs(4),
            fruitless: Duration::from_secs(8),
        }
    }
}

/// Reads the object that a client asks for, whole and of one version.
pub(super) fn whole(client: &Client<'_>, plan: &Plan) -> Result<Vec<u8>, String> {
    let (mut connecting, mut anew) = (Tries::new(), 0);
    loop {
        let failure = match client.get(None, None) {
            Ok(answer) => match Object::new(answer.headers(), client, plan).and_then(|object| object.read(answer)) {
                Ok(data) => return Ok(data),
                // Read anew, but not for ever.
                Err(Failure::Anew(text)) => {
                    anew += 1;
                    if anew >= plan.tries {
                        return Err(format!("{text}; tried {anew} times"));
                    }
                    thread::sleep(pause(anew));
                    connecting = Tries::new();
                    continue;
                }
                Err(failure) => failure,
            },
            Err(failure) => failure,
        };
        connecting.wait(failure, plan).map_err(Failure::into_text)?;
    }
}

/// What the first answer says of an object.
struct Object<'a> {
    client: &'a Client<'a>,
    plan: &'a Plan,
    total: u64,
    /// Without a tag nothing says that the object is still the same.
    tag: Option<String>,
    checksum: Option<Checksum>,
    /// The first failure of a thread, for which the others stop.
    failure: Mutex<Option<Failure>>,
    stopped: AtomicBool,
}

/// A part that is to be read.
struct Part<'d> {
    start: u64,
    bytes: &'d mut [u8],
}

/// An answer that is being read, at a byte of the object.
struct Stream {
    at: u64,
    body: BodyReader<'static>,
}

impl Stream {
    fn new(at: u64, answer: Response<Body>) -> Stream {
        Stream { at, body: answer.into_body().into_with_config().limit(u64::MAX).reader() }
    }
}

impl<'a> Object<'a> {
    fn new(headers: &HeaderMap, client: &'a Client<'a>, plan: &'a Plan) -> Result<Self, Failure> {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        let total = text("content-length").and_then(|v| v.parse().ok()).ok_or_else(|| {
            Failure::Final("the answer has no Content-Length, and nothing else tells a whole object from a part".into())
        })?;
        if total > plan.limit {
            let limit = plan.limit;
            let text = format!("the object has {total} bytes, more than the limit of {limit} for a model file");
            return Err(Failure::Final(text));
        }
        // A weak tag does not promise the same bytes.
        let tag = text("etag").filter(|tag| !tag.starts_with("W/")).map(str::to_owned);
        let checksum = Checksum::from_headers(text);
        Ok(Object { client, plan, total, tag, checksum, failure: Mutex::new(None), stopped: AtomicBool::new(false) })
    }

    fn read(&self, answer: Response<Body>) -> Result<Vec<u8>, Failure> {
        let total = usize::try_from(self.total).map_err(|e| Failure::Final(e.to_string()))?;
        let mut data = Vec::new();
        data.try_reserve_exact(total)
            .map_err(|e| Failure::Final(format!("no memory for an object of {total} bytes: {e}")))?;
        data.resize(total, 0);
        let size = if self.tag.is_some() { self.plan.part } else { total.max(1) };
        let starts = (0u64..).step_by(size);
        let mut parts: VecDeque<Part<'_>> =
            data.chunks_mut(size).zip(starts).map(|(bytes, start)| Part { start, bytes }).collect();
        let helpers = parts.len().min(self.plan.connections).saturating_sub(1);
        // The first answer begins with the first part.
        let first = parts.pop_front();
        let parts = Mutex::new(parts);
        thread::scope(|scope| {
            for _ in 0..helpers {
                // Where no thread is to be had, the others do its part.
                let _ = thread::Builder::new().spawn_scoped(scope, || self.work(&parts, None, None));
            }
            self.work(&parts, first, Some(Stream::new(0, answer)));
        });
        let left = parts.into_inner().unwrap_or_else(PoisonError::into_inner).len();
        if let Some(failure) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(failure);
        }
        if left > 0 {
            return Err(Failure::Final(format!("internal error: {left} parts were not read")));
        }
        if self.checksum.as_ref().is_some_and(|c| !c.holds(&data)) {
            return Err(Failure::Anew("the bytes that came do not have the object's checksum".into()));
        }
        Ok(data)
    }

    /// Reads parts until there are none left, or one of the threads has failed.
    fn work<'d>(&self, parts: &Mutex<VecDeque<Part<'d>>>, mut next: Option<Part<'d>>, mut open: Option<Stream>) {
        let pop = || parts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        while !self.stopped.load(Ordering::Relaxed) {
            let Some(mut part) = next.take().or_else(pop) else { break };
            if let Err(failure) = self.fill(&mut part, &mut open) {
                self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
                self.stopped.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Reads one part, with as many answers as it takes.
    fn fill(&self, part: &mut Part<'_>, open: &mut Option<Stream>) -> Result<(), Failure> {
        let mut tries = Tries::new();
        let mut have = 0;
        loop {
            let before = have;
            let Err(failure) = self.go_on(part, &mut have, open) else { return Ok(()) };
            *open = None;
            if self.tag.is_none() {
                return Err(Failure::Anew(failure.into_text()));
            }
            // What came is kept, and the next try goes on from there.
            if (have - before) as u64 >= PROGRESS {
                tries = Tries::new();
            }
            tries.wait(failure, self.plan)?;
        }
    }

    fn go_on(&self, part: &mut Part<'_>, have: &mut usize, open: &mut Option<Stream>) -> Result<(), Failure> {
        let mut stream = match open.take() {
            Some(stream) if stream.at == part.start => stream,
            _ => self.open(part.start + *have as u64, part.start + part.bytes.len() as u64 - 1)?,
        };
        let (mut since, mut came) = (Instant::now(), 0);
        while let Some(rest) = part.bytes.get_mut(*have..).filter(|rest| !rest.is_empty()) {
            if self.stopped.load(Ordering::Relaxed) {
                return Err(Failure::Final("another part of the object failed".into()));
            }
            let at = stream.at;
            let broke =
                |e: &str| Failure::passing(format!("the object broke off after {at} of {} bytes: {e}", self.total));
            // A server that knows no ranges begins at the beginning.
            let skip = usize::try_from((part.start + *have as u64).saturating_sub(at)).unwrap_or(usize::MAX);
            let step = if skip > 0 { skip.min(rest.len()) } else { rest.len() };
            match stream.body.read(&mut rest[..step.min(256 << 10)]) {
                Ok(0) => return Err(broke("the connection ended")),
                Ok(n) => {
                    stream.at += n as u64;
                    came += n as u64;
                    *have += if skip > 0 { 0 } else { n };
                }
                Err(e) => return Err(broke(&e.to_string())),
            }
            if since.elapsed() >= self.plan.fruitless {
                if came < PROGRESS {
                    let seconds = self.plan.fruitless.as_secs();
                    return Err(broke(&format!("only {came} bytes in {seconds} s")));
                }
                (since, came) = (Instant::now(), 0);
            }
        }
        *open = Some(stream);
        Ok(())
    }

    /// Asks for the bytes `first` to `last`, of the object that the first answer was about.
    fn open(&self, first: u64, last: u64) -> Result<Stream, Failure> {
        let tag = self.tag.as_deref();
        let answer = self.client.get(Some((first, last)), tag)?;
        let text = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok());
        if text("etag").is_some() && text("etag") != tag {
            return Err(Failure::Anew("the object was changed while it was read".into()));
        }
        let at = match answer.status().as_u16() {
            206 if text("content-range") != Some(&format!("bytes {first}-{last}/{}", self.total)) => {
                return Err(Failure::Anew("another range came than was asked for".into()));
            }
            206 => first,
            _ if text("content-length") != Some(&self.total.to_string()) => {
                return Err(Failure::Anew("the object was changed while it was read".into()));
            }
            _ => 0,
        };
        Ok(Stream::new(at, answer))
    }
}
