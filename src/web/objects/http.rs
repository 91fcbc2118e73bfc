//! Requests of the library for stores, sent by the one HTTP client that there is: one list of authorities, one set of times.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, ready};
use std::io::{self, Read};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use http_body::Body as _;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpService,
};

use crate::web::client::{Client, Failure};

/// No answer of a store is larger: files come in pieces, and catalogs are smaller (our choice).
const LARGEST: u64 = 80 << 20;

thread_local! {
    /// How the last request of this thread was answered: by a status, or not at all. What the library says of it is made for
    /// programs, and may quote more than anybody is to read.
    static LAST: RefCell<Option<Result<u16, Failure>>> = const { RefCell::new(None) };
}

/// How the last request of this thread was answered since this was asked last; `None`: there was none.
pub(super) fn last_answer() -> Option<Result<u16, Failure>> {
    LAST.take()
}

/// Sends the library's requests.
#[derive(Clone)]
pub(super) struct Connector {
    pub client: Arc<Client>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Connector {
    /// The answer is there when this returns: nothing here waits for anything else meanwhile.
    fn call<'s, 'f>(
        &'s self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        let answer = self.send(request);
        LAST.set(Some(answer.as_ref().map(|answer| answer.status().as_u16()).map_err(Clone::clone)));
        Box::pin(ready(
            answer.map_err(|failure| HttpError::new(HttpErrorKind::Unknown, io::Error::other(failure.what))),
        ))
    }
}

impl Connector {
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let broken = |what: String| Failure { code: "broken", what };
        let (head, body) = request.into_parts();
        let body = bytes_of(body).map_err(|error| broken(error.to_string()))?;
        let answer = self.client.forward(head, &body)?;
        let (head, body) = answer.into_parts();
        let mut bytes = Vec::new();
        body.into_reader()
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| broken(text!("the connection breaks: {error}", error)))?;
        if bytes.len() as u64 > LARGEST {
            return Err(Failure { code: "size", what: text!("more than {LARGEST} bytes come, and no end", LARGEST) });
        }
        Ok(HttpResponse::from_parts(head, bytes.into()))
    }
}

/// What is to be sent.
fn bytes_of(mut body: HttpRequestBody) -> Result<Vec<u8>, HttpError> {
    if let Some(bytes) = body.as_bytes() {
        return Ok(bytes.to_vec());
    }
    let mut bytes = Vec::with_capacity(body.content_length());
    let mut context = Context::from_waker(Waker::noop());
    // It is in memory, so that no part has to be waited for.
    while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
        bytes.extend(frame?.into_data().unwrap_or_default());
    }
    Ok(bytes)
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for what the library does. Requests are answered at once, so that there is nothing to wait for but another thread that
/// renews credentials.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let (mut context, mut future) = (Context::from_waker(&waker), pin!(future));
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park_timeout(Duration::from_millis(50)),
        }
    }
}
