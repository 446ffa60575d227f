//! Listening, and who may ask: this machine only, with the token, by reading.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::reading::{Reader, Source, patiently};
use super::{ViewError, api};
use crate::trajectory::AnyTrajectory;

/// What every answer carries: nothing from elsewhere, nothing kept, nothing framed.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The files of the page, part of the program.
const PAGE: [(&str, &str, &str); 10] = [
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("/app.js", SCRIPT, include_str!("page/app.js")),
    ("/dom.js", SCRIPT, include_str!("page/dom.js")),
    ("/overview.js", SCRIPT, include_str!("page/overview.js")),
    ("/tree.js", SCRIPT, include_str!("page/tree.js")),
    ("/runs.js", SCRIPT, include_str!("page/runs.js")),
    ("/pictures.js", SCRIPT, include_str!("page/pictures.js")),
    ("/run.js", SCRIPT, include_str!("page/run.js")),
];
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A server for one file, listening but not answering yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    door: Door,
    reader: Reader,
}

impl Server {
    /// Looks at a file and listens on 127.0.0.1; on a free port unless one is given.
    ///
    /// # Errors
    /// The file or its trajectory cannot be read, or the port is in use.
    pub fn bind(file: &Path, trajectory: Option<&str>, port: Option<u16>) -> Result<Self, ViewError> {
        let any = patiently(file, || match trajectory {
            Some(name) => AnyTrajectory::open_named(file, name),
            None => AnyTrajectory::open(file),
        })?;
        // A study that begins later in the same file does not take the place of this trajectory.
        let source = Source::new(file, &any.header().name);
        drop(any);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
        let listen = |source| ViewError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(listen)?;
        let door = Door { port: listener.local_addr().map_err(listen)?.port(), token: token()? };
        let system = |action| move |source| ViewError::System { action, source };
        let reader = Reader::start(source).map_err(system("start a thread"))?;
        Ok(Self { listener, door, reader })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.door.port
    }

    /// What a browser must know to be let in.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.door.token
    }

    /// The address to open, with the token.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/?token={}", self.door.port, self.door.token)
    }

    /// Answers until the future is ready.
    ///
    /// # Errors
    /// The system refuses what a server needs.
    pub fn serve_until(self, end: impl Future<Output = ()>) -> Result<(), ViewError> {
        let system = |action| move |source| ViewError::System { action, source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(system("start a server"))?;
        self.listener.set_nonblocking(true).map_err(system("listen"))?;
        let reader = Arc::new(self.reader);
        let router = router(Arc::new(self.door), reader);
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(self.listener).map_err(system("listen"))?;
            // Pages poll, so connections are never all idle: the end waits for none of them.
            tokio::select! {
                served = async { axum::serve(listener, router).await } => served.map_err(system("serve")),
                () = end => Ok(()),
            }
        })
    }
}

fn router(door: Arc<Door>, reader: Arc<Reader>) -> Router {
    let mut router = Router::new();
    for (path, kind, text) in PAGE {
        router = router.route(path, get(async move || ([(header::CONTENT_TYPE, kind)], text)));
    }
    router
        .nest("/api", api::routes())
        .with_state(reader)
        .fallback(async || (StatusCode::NOT_FOUND, "there is no such page"))
        .layer(middleware::from_fn_with_state(door, guard))
}

/// What a request must know to be answered.
#[derive(Debug)]
struct Door {
    port: u16,
    token: String,
}

impl Door {
    /// The name of the cookie: cookies know no ports, and several files may be looked at at once.
    fn cookie(&self) -> String {
        format!("pypet_view_{}", self.port)
    }

    /// A page of another name that leads here has that name as its host (DNS rebinding).
    fn is_ours(&self, host: Option<&HeaderValue>) -> bool {
        let host = host.and_then(|host| host.to_str().ok());
        host.is_some_and(|host| ["127.0.0.1", "localhost"].iter().any(|name| host == format!("{name}:{}", self.port)))
    }

    fn has_token(&self, uri: &Uri) -> bool {
        let pairs = uri.query().unwrap_or_default().split('&');
        pairs.filter_map(|pair| pair.strip_prefix("token=")).any(|token| self.is_token(token))
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie();
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(other, token)| other == name && self.is_token(token))
    }

    /// Compares all of it, so that the time taken tells nothing.
    fn is_token(&self, other: &str) -> bool {
        let differences = self.token.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
        differences == 0 && self.token.len() == other.len()
    }
}

/// Lets in who may ask, and adds to every answer what browsers must heed.
async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&door, &request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refusal(door: &Door, request: &Request) -> Option<Response> {
    let text = |status: StatusCode, text: &'static str| Some((status, text).into_response());
    if !door.is_ours(request.headers().get(header::HOST)) {
        return text(StatusCode::FORBIDDEN, "this server answers to 127.0.0.1 only");
    }
    let has_token = door.has_token(request.uri());
    if !has_token && !door.has_cookie(request.headers()) {
        return text(StatusCode::FORBIDDEN, "open the address that `view` has printed: it has a token at its end");
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let response = (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], "this page is for reading");
        return Some(response.into_response());
    }
    // The token becomes a cookie and leaves the address bar, where others might see it.
    (has_token && request.uri().path() == "/").then(|| {
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", door.cookie(), door.token);
        (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie.as_str()), (header::LOCATION, "/")]).into_response()
    })
}

/// 128 random bits of the system.
fn token() -> Result<String, ViewError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| ViewError::System { action: "draw a token", source: io::Error::other(error.to_string()) })?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_the_token() {
        let door = Door { port: 80, token: "abcd".into() };
        assert!(door.is_token("abcd"));
        for other in ["", "abc", "abcde", "abce", "ABCD"] {
            assert!(!door.is_token(other), "{other}");
        }
        assert_ne!(token().unwrap(), token().unwrap());
    }
}
