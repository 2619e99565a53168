//! Plain sockets that speak HTTP, written apart from the code under test: a client, and a server with scripted answers.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Nothing in these tests takes so long; a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One message, either way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    /// The request line or the status line.
    pub(crate) start: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn status(&self) -> u16 {
        self.start.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("no status: {}", self.start))
    }

    /// Method and target of a request.
    pub(crate) fn target(&self) -> (&str, &str) {
        let mut parts = self.start.split(' ');
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }

    /// Reads a message; none when the peer has closed. `bodyless` is the answer to HEAD.
    pub(crate) fn read(from: &mut impl BufRead, bodyless: bool) -> io::Result<Option<Message>> {
        let mut message = Message::default();
        if from.read_line(&mut message.start)? == 0 {
            return Ok(None);
        }
        message.start = message.start.trim_end().to_owned();
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            message.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if bodyless || message.start.contains(" 100 ") {
            return Ok(Some(message));
        }
        if message.header("transfer-encoding").is_some() {
            loop {
                let mut size = String::new();
                from.read_line(&mut size)?;
                let size = u64::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
                from.take(size).read_to_end(&mut message.body)?;
                from.read_line(&mut String::new())?;
                if size == 0 {
                    break;
                }
            }
        } else {
            let length = message.header("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
            from.take(length).read_to_end(&mut message.body)?;
        }
        Ok(Some(message))
    }
}

/// A connection to a server.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(to: SocketAddr) -> Client {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Client { stream, reader }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Sends a request with a body of known length.
    pub(crate) fn request(&mut self, method: &str, path: &str, body: &str) -> Message {
        let length = body.len();
        self.send(format!("{method} {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n{body}"));
        self.answer_to(method)
    }

    /// Sends a request with headers.
    pub(crate) fn request_with(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Message {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        self.send(format!("{method} {path} HTTP/1.1\r\nhost: test\r\n{headers}content-length: {length}\r\n\r\n{body}"));
        self.answer_to(method)
    }

    /// The next answer.
    pub(crate) fn answer(&mut self) -> Message {
        self.answer_to("POST")
    }

    fn answer_to(&mut self, method: &str) -> Message {
        Message::read(&mut self.reader, method == "HEAD").unwrap().expect("the server closed without an answer")
    }

    /// Asserts that the server closes the connection, without another byte.
    pub(crate) fn assert_closed(&mut self) {
        let mut rest = Vec::new();
        // A reset closes as well.
        if let Err(e) = self.reader.read_to_end(&mut rest) {
            assert_eq!(e.kind(), io::ErrorKind::ConnectionReset, "{e}");
        }
        assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    }
}

/// What a scripted server does with a request.
pub(crate) enum Reply {
    /// An answer, with the body's length added to its headers.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// The bytes as they stand; then the connection is closed.
    Raw(Vec<u8>),
    /// No answer, until the test is over.
    Silence,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Reply {
        Reply::Answer(200, Vec::new(), body.into())
    }
}

/// A server whose answers a closure makes. Threads end with the test process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Message>>>,
}

impl Server {
    pub(crate) fn start(reply: impl Fn(&Message) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (reply, log) = (Arc::new(reply), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, log) = (Arc::clone(&reply), Arc::clone(&log));
                thread::spawn(move || Self::converse(stream, &*reply, &log));
            }
        });
        Server { address, requests }
    }

    fn converse(mut stream: TcpStream, reply: &dyn Fn(&Message) -> Reply, log: &Mutex<Vec<Message>>) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        while let Some(request) = Message::read(&mut reader, false).ok()? {
            log.lock().unwrap().push(request.clone());
            match reply(&request) {
                Reply::Answer(status, headers, body) => {
                    let mut head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n", body.len());
                    for (name, value) in headers {
                        head.push_str(&format!("{name}: {value}\r\n"));
                    }
                    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
                    stream.write_all(&body).ok()?;
                }
                Reply::Raw(bytes) => {
                    stream.write_all(&bytes).ok()?;
                    return None;
                }
                Reply::Silence => thread::sleep(PATIENCE),
            }
        }
        None
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Message> {
        self.requests.lock().unwrap().clone()
    }
}
