//! The HTTP server: `sklambda serve`.
//!
//! Whoever connects is bounded in time and space: a request's head, its body, the pause between requests and the
//! reading of the answer each have their limit, and so have the length of a body, the bodies in memory and the
//! number of connections.

mod about;
mod connection;
mod metrics;
mod openapi;
mod routes;

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task, time,
};

use crate::{
    handler::{Handler, Loaded, Service},
    page::{self, Page},
};
use connection::{Watch, Watched};
use metrics::Metrics;

/// The largest head of a request. It holds no data, only names.
const LARGEST_HEAD: usize = 64 << 10;
/// How long a stopping server waits for answers that are under way.
const GRACE: Duration = Duration::from_secs(30);

/// Where and within which bounds to serve.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address or name of the interface to listen on.
    pub host: String,
    /// Port to listen on; 0 takes any free one.
    pub port: u16,
    /// Largest body of a request, in bytes.
    pub body_limit: usize,
    /// Time for the head of a request to arrive.
    pub header_timeout: Duration,
    /// Longest silence while a body arrives, or while an answer is not taken.
    pub body_timeout: Duration,
    /// How long a connection may rest between requests.
    pub keep_alive: Duration,
    /// Connections at one time; further ones wait to be accepted.
    pub connections: usize,
    /// Where the model came from, so that it can be described; without it there is no page.
    pub model: Option<String>,
    /// No line in the log for each request.
    pub quiet: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            host: "127.0.0.1".into(),
            port: 8080,
            body_limit: 32 << 20,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            keep_alive: Duration::from_secs(60),
            connections: 1024,
            model: None,
            quiet: false,
        }
    }
}

/// Why the server did not start.
#[derive(Debug)]
pub enum ServeError {
    /// There is no model to serve.
    Model(String),
    /// The address cannot be listened on, or the system refused something else.
    System(String),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Model(text) => write!(f, "Failed to load model: {text}"),
            ServeError::System(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ServeError {}

/// What every request has in common.
struct Shared {
    handler: Handler,
    settings: Settings,
    metrics: Metrics,
    /// What the names of requests begin with, and how many there were.
    begun: u64,
    requests: AtomicU64,
    log: Box<dyn Fn(&str) + Send + Sync>,
    /// Bytes of bodies in memory.
    held: AtomicUsize,
    /// The description of the model.
    page: OnceLock<Result<Page, String>>,
}

impl Shared {
    /// The description of the model. The file is read for it, once.
    fn page(&self) -> &Result<Page, String> {
        self.page.get_or_init(|| page::of(&self.handler, self.settings.model.as_deref()))
    }
}

/// Serves until the process is told to stop (SIGINT or SIGTERM), then finishes the requests it has accepted.
///
/// It listens at once and says that it is not ready until the model is loaded. Then `announce` gets a few lines for the
/// user: address and an example request. `log` gets a line for each request.
///
/// # Errors
/// The model cannot be loaded, or the address cannot be listened on.
pub fn serve(
    handler: Handler,
    settings: Settings,
    announce: impl FnOnce(&str),
    log: impl Fn(&str) + Send + Sync + 'static,
) -> Result<(), ServeError> {
    let system = |what: String, e: std::io::Error| ServeError::System(format!("{what}: {e}"));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = Builder::new_multi_thread()
        .enable_io()
        .enable_time()
        .worker_threads(cores.min(4))
        .max_blocking_threads(cores.max(2) * 2)
        .thread_name("serve")
        .build()
        .map_err(|e| system("cannot start threads".into(), e))?;
    let metrics = Metrics::new().map_err(|e| ServeError::System(format!("cannot count: {e}")))?;
    let served = runtime.block_on(async {
        let at = (settings.host.as_str(), settings.port);
        let listener = TcpListener::bind(at)
            .await
            .map_err(|e| system(format!("cannot listen on {}:{}", settings.host, settings.port), e))?;
        let address = listener.local_addr().map_err(|e| system("cannot tell the address".into(), e))?;
        // Installed before the address is told: whoever knows it may already want the server to stop.
        let stop = stop_signal().map_err(|e| system("cannot wait for signals".into(), e))?;
        let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (held, requests) = (AtomicUsize::new(0), AtomicU64::new(0));
        let shared = Arc::new(Shared {
            handler,
            settings,
            metrics,
            begun,
            requests,
            log: Box::new(log),
            held,
            page: OnceLock::new(),
        });
        let loading = task::spawn_blocking({
            let shared = Arc::clone(&shared);
            move || {
                let service = loaded(&shared.handler)?;
                // The description knows a better example than can be guessed.
                if let Ok(page) = shared.page() {
                    service.describe(&page.metadata);
                }
                Ok(about::text(&service))
            }
        });
        let url = format!("http://{}", reachable(address));
        let ready = async {
            let told = loading.await.unwrap_or_else(|_| Err(ServeError::Model("internal error".into())))?;
            announce(&format!("{}\nListening on {url} (stop with Ctrl-C)\n\n{}\n", told.model, told.curl(&url)));
            std::future::pending::<Result<(), ServeError>>().await
        };
        tokio::select! {
            () = accept(&listener, &shared, stop) => Ok(()),
            failed = ready => failed,
        }
    });
    // A model that is still being loaded, or a request that outlived its grace, holds nobody up.
    runtime.shutdown_background();
    served
}

/// The service, if it has a model.
fn loaded(handler: &Handler) -> Result<Arc<Service>, ServeError> {
    let service = handler.service().map_err(ServeError::Model)?;
    match &service.loaded {
        Loaded::Model(..) => Ok(service),
        Loaded::Other(class) => {
            Err(ServeError::Model(format!("the file holds an object of class '{class}', which is no estimator")))
        }
        Loaded::Nothing => Err(ServeError::Model("there is no such file".into())),
    }
}

/// The address under which this machine reaches a listener on all of its interfaces.
fn reachable(address: SocketAddr) -> SocketAddr {
    let local = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ip => ip,
    };
    SocketAddr::new(local, address.port())
}

/// Resolves when the process is told to stop.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}

/// Resolves when the process is told to stop.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

async fn accept(listener: &TcpListener, shared: &Arc<Shared>, stop: impl Future<Output = ()>) {
    let all = u32::try_from(shared.settings.connections.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
    let places = Arc::new(Semaphore::new(all as usize));
    let (stopping, stopped) = watch::channel(false);
    tokio::pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        tokio::select! {
            () = &mut stop => break,
            accepted = next => match accepted {
                (Ok((stream, _)), Ok(place)) => {
                    tokio::spawn(converse(stream, Arc::clone(shared), stopped.clone(), place));
                }
                // Out of file descriptors, or the peer went away: what is open goes on, and others get their turn.
                _ => time::sleep(Duration::from_millis(20)).await,
            },
        }
    }
    // Every connection gives its place back when it ends. The error of `send` says that none is open.
    let _ = stopping.send(true);
    let _ = time::timeout(GRACE, places.acquire_many(all)).await;
}

/// Serves one connection.
async fn converse(
    stream: TcpStream,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    // Answers are written whole. Without this their last packet may wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let settings = &shared.settings;
    let state = Arc::new(Watch::new(settings.header_timeout, settings.keep_alive));
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&state), settings.body_timeout));
    let mut http = http1::Builder::new();
    // The watch knows a resting connection from one that dawdles over a head; this is for whatever it may miss.
    http.timer(TokioTimer::new()).header_read_timeout(settings.keep_alive + settings.header_timeout);
    http.max_buf_size(LARGEST_HEAD);
    let service = service_fn(|request| routes::answer(&shared, &state, request));
    let connection = http.serve_connection(io, service);
    tokio::pin!(connection);
    tokio::select! {
        // A connection that broke concerns nobody but its peer.
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
