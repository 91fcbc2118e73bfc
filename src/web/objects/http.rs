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

use bytes::Bytes;
use http_body::{Body, Frame};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody,
    HttpService,
};
use ureq::BodyReader;
use ureq::http::request::Parts;

use crate::web::client::{Client, Failure};

/// No answer of a store is larger but a file, of which so many bytes are asked for (our choice).
const LARGEST: u64 = 80 << 20;
/// An answer that tells why there is no file may have so many bytes (our choice).
const LEAST: u64 = 64 << 10;
/// What comes is taken so many bytes at a time (our choice).
const PIECE: usize = 64 << 10;

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
        let (head, body) = request.into_parts();
        let size = body.content_length() as u64;
        let most = most_of(&head);
        let mut body = Outgoing { body, piece: Bytes::new() };
        let answer = self.client.forward(head, most, (size, &mut body))?;
        let (head, body) = answer.into_parts();
        // More than was asked for shows that there is more.
        let body = Incoming { body: body.into_reader(), left: most.saturating_add(1) };
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body)))
    }
}

/// How many bytes the answer may have: those that are asked for, where a part of a file is, or as many as any has.
fn most_of(head: &Parts) -> u64 {
    let range =
        head.headers.get("Range").and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    let ends = range.and_then(|(begin, end)| Some((begin.parse::<u64>().ok()?, end.parse::<u64>().ok()?)));
    // An answer that is none of the file is larger than the first bytes of one may be.
    ends.map_or(LARGEST, |(begin, end)| end.saturating_sub(begin).saturating_add(1).max(LEAST))
}

/// What is to be sent, piece by piece as the library has it.
struct Outgoing {
    body: HttpRequestBody,
    piece: Bytes,
}

impl Read for Outgoing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut context = Context::from_waker(Waker::noop());
        while self.piece.is_empty() {
            // It is in memory, so that no part has to be waited for.
            match Pin::new(&mut self.body).poll_frame(&mut context) {
                Poll::Ready(Some(frame)) => {
                    self.piece = frame.map_err(io::Error::other)?.into_data().unwrap_or_default();
                }
                Poll::Ready(None) | Poll::Pending => return Ok(0),
            }
        }
        let length = self.piece.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}

/// What comes, read as it is asked for: no more of it is in memory than a piece.
struct Incoming {
    body: BodyReader<'static>,
    /// So many bytes may still come.
    left: u64,
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let failed =
            |what: String| Poll::Ready(Some(Err(HttpError::new(HttpErrorKind::Unknown, io::Error::other(what)))));
        if self.left == 0 {
            return failed(text!("more bytes come than there should be, and no end").to_owned());
        }
        let mut piece = vec![0; PIECE.min(usize::try_from(self.left).unwrap_or(PIECE))];
        let read = loop {
            match self.body.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        match read {
            Ok(0) => Poll::Ready(None),
            Ok(length) => {
                self.left -= length as u64;
                piece.truncate(length);
                Poll::Ready(Some(Ok(Frame::data(piece.into()))))
            }
            Err(error) => {
                let what = text!("the connection breaks: {error}", error);
                LAST.set(Some(Err(Failure { code: "broken", what: what.clone() })));
                failed(what)
            }
        }
    }
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
