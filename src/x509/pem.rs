//! PEM blocks, as people keep them: with text between them, lines of any length, CRLF or LF. A file in DER is taken for
//! one block.

use base64ct::{Base64, Encoding};

use crate::base::error::{Error, ErrorKind, Result};

/// A block: the label of its BEGIN line, and its content.
pub(crate) struct Block {
    pub label: String,
    pub der: Vec<u8>,
}

/// All blocks of a file. One that is in DER, as Windows exports certificates, is one block with the label `or_else`.
pub(crate) fn blocks(bytes: &[u8], or_else: &str) -> Result<Vec<Block>> {
    const BEGIN: &str = "-----BEGIN ";
    if bytes.first() == Some(&0x30) {
        return Ok(vec![Block { label: or_else.to_owned(), der: bytes.to_vec() }]);
    }
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().map(str::trim);
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix("-----")) else { continue };
        let wrong = |what: &str| {
            Error::new(ErrorKind::Certificate, text!("the block {label} {what}", label = format!("{label:?}"), what))
        };
        let end = format!("-----END {label}-----");
        let mut content = String::new();
        loop {
            match lines.next() {
                None => return Err(wrong(text!("has no end"))),
                Some(line) if line == end => break,
                Some(line) if line.contains(':') => {
                    return Err(wrong(text!("has headers, as an encrypted key of the old kind has"))
                        .next("openssl pkey -in KEY -out PLAIN writes a key without a password"));
                }
                Some(line) => content.push_str(line),
            }
        }
        let der = Base64::decode_vec(&content).map_err(|_| wrong(text!("is not base64")))?;
        blocks.push(Block { label: label.to_owned(), der });
    }
    Ok(blocks)
}
