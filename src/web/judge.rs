//! What an answer means for an endpoint.

use super::address::Address;
use super::client::{Answer, Failure};

/// What is wrong with an answer.
pub(super) struct Wrong {
    pub code: &'static str,
    pub what: String,
}

impl From<Failure> for Wrong {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, what: failure.what }
    }
}

/// What keeps an endpoint from getting a file at all; `None` where it gets something.
pub(super) fn refusal(answer: &Answer, address: &Address, url: &str) -> Option<Wrong> {
    let status = answer.status;
    let (code, what) = match status {
        200 | 206 => return None,
        // An empty file has no first byte.
        416 if answer.length == Some(0) => return None,
        301 | 302 | 303 | 307 | 308 => match &answer.location {
            None => ("redirected", text!("it is redirected to nowhere").to_owned()),
            Some(location) => {
                let target = address.target(url, location);
                let rest = target.strip_prefix(address.server());
                let is_same = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
                let other = if is_same { "" } else { text!(", another server") };
                ("redirected", text!("it is redirected to {target}{other}", target = without_password(&target), other))
            }
        },
        401 | 407 if answer.logins.is_empty() => ("login", text!("the server asks for a login").to_owned()),
        401 | 407 => {
            let who = if status == 407 { "a proxy" } else { text!("the server") };
            ("login", text!("{who} asks for a login ({join})", who, join = answer.logins.join(", ")))
        }
        404 | 410 => ("missing", text!("the server has no such file, or does not say that it has").to_owned()),
        429 => ("busy", text!("the server refuses so many requests (429)").to_owned()),
        400..=499 => ("refused", text!("the server refuses it ({status})", status)),
        500..=599 => ("server-error", text!("the server fails ({status})", status)),
        _ => ("unexpected", text!("the server answers {status}, which is no answer for a file", status)),
    };
    Some(Wrong { code, what })
}

/// What is wrong with a file that an endpoint gets, as far as the head of the answer tells. `size` is what a catalog lists.
pub(super) fn alteration(answer: &Answer, name: &str, size: u32) -> Option<Wrong> {
    if let Some(encoding) = &answer.encoding {
        return Some(Wrong {
            code: "compressed",
            what: text!("it comes encoded ({encoding}), which nobody asked for", encoding),
        });
    }
    let length = answer.length.filter(|length| *length != u64::from(size))?;
    let is_page =
        answer.media_type.as_deref().is_some_and(|media| media.trim().to_ascii_lowercase().starts_with("text/html"));
    let ends_so = name.to_ascii_lowercase();
    if is_page && !ends_so.ends_with(".htm") && !ends_so.ends_with(".html") {
        let what = text!(
            "a web page of {length} bytes comes in its place, perhaps a login or an error; {size} bytes are listed",
            length,
            size
        );
        return Some(Wrong { code: "page", what });
    }
    Some(Wrong { code: "size", what: text!("it has {length} bytes, and {size} are listed", length, size) })
}

/// A URL without what stands before an `@` in its authority.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_of_a_redirection_is_shown() {
        for (url, shown) in
            [("http://a:b@c/x@y", "http://c/x@y"), ("http://c/x@y", "http://c/x@y"), ("mailto:a@b", "mailto:a@b")]
        {
            assert_eq!(without_password(url), shown);
        }
    }
}
