//! What hyper does not watch: how long a peer is silent at each stage, and what a request's head said in full.

use std::{
    io,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

/// How long the rest of a refused request is taken and thrown away, so that the peer gets to read the answer.
const LINGER: Duration = Duration::from_secs(2);

/// The state of a connection, shared by its stream and its service.
pub(super) struct Watch {
    header_timeout: Duration,
    keep_alive: Duration,
    state: Mutex<State>,
}

struct State {
    /// When the peer must have sent something or be done with its head; none while a request is answered.
    deadline: Option<Instant>,
    /// Counts changes of the deadline.
    turn: u64,
    /// Nothing of the next request has come.
    resting: bool,
    head: Head,
    /// Bytes since the request began.
    read: u64,
    /// The rest of a request is still to come when the connection ends.
    linger: bool,
}

/// How much of the current head went by.
enum Head {
    Partial(Vec<u8>),
    Whole {
        length: u64,
        ambiguous: bool,
    },
    /// Bytes of several requests came together, so that heads cannot be told from bodies any more.
    Lost,
}

/// Whether a head gave its body's length twice over, in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Clear,
    Ambiguous,
    Unknown,
}

impl Watch {
    pub(super) fn new(header_timeout: Duration, keep_alive: Duration) -> Self {
        let deadline = Some(Instant::now() + header_timeout);
        let head = Head::Partial(Vec::new());
        let state = State { deadline, turn: 0, resting: true, head, read: 0, linger: false };
        Watch { header_timeout, keep_alive, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A head was read and its request is being answered.
    pub(super) fn begin(&self) -> Framing {
        let mut state = self.state();
        state.resting = false;
        state.set(None);
        match state.head {
            Head::Whole { ambiguous: false, .. } => Framing::Clear,
            Head::Whole { ambiguous: true, .. } => Framing::Ambiguous,
            _ => Framing::Unknown,
        }
    }

    /// The request, whose body had this length, is answered; the next may come.
    pub(super) fn end(&self, body: u64) {
        let mut state = self.state();
        let aligned = matches!(state.head, Head::Whole { length, .. } if length.checked_add(body) == Some(state.read));
        state.head = if aligned { Head::Partial(Vec::new()) } else { Head::Lost };
        state.read = 0;
        state.resting = aligned;
        let time = if aligned { self.keep_alive } else { self.header_timeout };
        state.set(Some(Instant::now() + time));
    }

    /// The connection ends with a part of the request unread.
    pub(super) fn linger(&self) {
        self.state().linger = true;
    }

    fn arrived(&self, bytes: &[u8]) {
        let mut state = self.state();
        if state.resting && !bytes.is_empty() {
            state.resting = false;
            state.set(Some(Instant::now() + self.header_timeout));
        }
        state.read = state.read.saturating_add(bytes.len() as u64);
        if let Head::Partial(head) = &mut state.head {
            head.extend_from_slice(bytes);
            if let Some((length, ambiguous)) = inspect(head) {
                state.head = Head::Whole { length: length as u64, ambiguous };
            } else if head.len() > super::LARGEST_HEAD {
                state.head = Head::Lost;
            }
        }
    }
}

impl State {
    fn set(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
        self.turn += 1;
    }
}

/// The length of a head once it is whole, and whether it has both a `Content-Length` and a `Transfer-Encoding`.
fn inspect(bytes: &[u8]) -> Option<(usize, bool)> {
    let (mut length, mut coding, mut begun, mut at) = (false, false, false, 0);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        at += line.len();
        let text = line.strip_suffix(b"\n")?;
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.is_empty() {
            // Empty lines may come before a request.
            if begun {
                return Some((at, length && coding));
            }
            continue;
        }
        begun = true;
        let name = text.split(|b| *b == b':').next().unwrap_or_default();
        length |= name.eq_ignore_ascii_case(b"content-length");
        coding |= name.eq_ignore_ascii_case(b"transfer-encoding");
    }
    None
}

/// A stream that gives up on a peer that keeps it waiting.
pub(super) struct Watched {
    stream: TcpStream,
    watch: std::sync::Arc<Watch>,
    write_timeout: Duration,
    reading: Pin<Box<Sleep>>,
    /// The turn of the deadline that `reading` waits for.
    armed: Option<u64>,
    writing: Option<Pin<Box<Sleep>>>,
    closing: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, watch: std::sync::Arc<Watch>, write_timeout: Duration) -> Self {
        let reading = Box::pin(sleep_until(Instant::now()));
        Watched { stream, watch, write_timeout, reading, armed: None, writing: None, closing: None }
    }

    fn waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (deadline, turn) = {
            let state = self.watch.state();
            (state.deadline, state.turn)
        };
        let Some(deadline) = deadline else { return Poll::Pending };
        if self.armed != Some(turn) {
            self.reading.as_mut().reset(deadline);
            self.armed = Some(turn);
        }
        ready!(self.reading.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn wrote<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing = None;
            return written;
        }
        let timeout = self.write_timeout;
        let sleep = self.writing.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + timeout)));
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                self.watch.arrived(buf.filled().get(before..).unwrap_or_default());
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(e)) => Poll::Ready(Err(e)),
            Poll::Pending => self.waiting(cx),
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Closing a socket with bytes unread resets it, and a reset may overtake the answer. So what a refused request
    /// still sends is taken for a while.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            if !self.watch.state().linger {
                return Poll::Ready(Ok(()));
            }
            self.closing = Some(Box::pin(sleep_until(Instant::now() + LINGER)));
        }
        if self.closing.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Ok(()));
        }
        // A bounded number at a time, so that a peer that never pauses does not keep the thread.
        for _ in 0..16 {
            let mut space = [0; 8192];
            let mut buf = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => {}
                _ => return Poll::Ready(Ok(())),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n";

    #[test]
    fn heads_are_inspected_once_they_are_whole() {
        assert_eq!(inspect(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r"), None);
        assert_eq!(inspect(PLAIN), Some((PLAIN.len(), false)));
        assert_eq!(inspect(b"\r\nGET / HTTP/1.1\n\n{}"), Some((18, false)));
        let both = b"POST / HTTP/1.1\r\ncontent-length: 2\r\nTRANSFER-ENCODING: chunked\r\n\r\n";
        assert_eq!(inspect(both), Some((both.len(), true)));
        let value = b"POST / HTTP/1.1\r\na: content-length\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(inspect(value), Some((value.len(), false)));
    }

    #[test]
    fn what_came_early_is_not_taken_for_a_head() {
        let watch = Watch::new(Duration::from_secs(1), Duration::from_secs(1));
        watch.arrived(PLAIN);
        assert_eq!(watch.begin(), Framing::Clear);
        watch.arrived(b"{}");
        watch.end(2);
        watch.arrived(PLAIN);
        watch.arrived(b"{}POST");
        assert_eq!(watch.begin(), Framing::Clear);
        watch.end(2);
        watch.arrived(PLAIN);
        assert_eq!(watch.begin(), Framing::Unknown);
    }
}
