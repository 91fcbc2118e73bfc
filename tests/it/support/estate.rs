//! What an estate puts into its CIDs: a `cac.pem`, manifests. Made here, from the formats alone, so that it can check the
//! crate's own readers.

use std::fs;
use std::path::{Path, PathBuf};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::layout;

/// A certificate in PEM, valid between these moments (`20160531120000Z`). It has the shape of one (X.509 v1, RSA, signed with
/// MD5, as those of the field), and neither its key nor its signature is any good.
pub(crate) fn certificate(name: &str, not_before: &str, not_after: &str) -> String {
    let oid = |bytes: &[u8]| der(0x06, bytes);
    let null = [0x05, 0x00];
    let md5_with_rsa = der(0x30, &[&oid(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x04])[..], &null].concat());
    let rsa = der(0x30, &[&oid(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01])[..], &null].concat());
    let common_name = der(0x30, &[oid(&[0x55, 0x04, 0x03]), der(0x0C, name.as_bytes())].concat());
    let name = der(0x30, &der(0x31, &common_name));
    let validity = der(0x30, &[der(0x18, not_before.as_bytes()), der(0x18, not_after.as_bytes())].concat());
    let modulus = [&[0x00, 0xC1][..], &[0xA5; 127]].concat();
    let key = der(0x30, &[der(0x02, &modulus), der(0x02, &[1, 0, 1])].concat());
    let key = der(0x30, &[rsa, der(0x03, &[&[0][..], &key].concat())].concat());
    let content = [der(0x02, &[1]), md5_with_rsa.clone(), name.clone(), validity, name, key].concat();
    let signature = der(0x03, &[&[0][..], &[0x5A; 128]].concat());
    pem("CERTIFICATE", &der(0x30, &[der(0x30, &content), md5_with_rsa, signature].concat()))
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match content.len() {
        short @ 0..0x80 => vec![short as u8],
        long @ 0x80..0x100 => vec![0x81, long as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [&[tag], &length[..], content].concat()
}

fn pem(label: &str, bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            let padding = digit > group.len();
            text.push(if padding { '=' } else { DIGITS[(bits >> (18 - 6 * digit) & 63) as usize].into() });
        }
    }
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// The body of a manifest of all the vendor's files below `folder`.
pub(crate) fn manifest(folder: &Path) -> String {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for entry in fs::read_dir(folder.join(&below)).unwrap() {
            let entry = entry.unwrap();
            let path = below.join(entry.file_name());
            let name = entry.file_name().to_string_lossy().to_lowercase();
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else if !layout::CUSTOMER_FILES.contains(&&*name) && !layout::is_catalog(&name) && !name.starts_with('.')
            {
                files.push(path);
            }
        }
    }
    let mut entries: Vec<String> = files
        .iter()
        .map(|path| {
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            manifest_entry(&format!(".\\{}", parts.join("\\")), &fs::read(folder.join(path)).unwrap())
        })
        .collect();
    entries.sort();
    entries.concat()
}

/// The lines of one entry.
pub(crate) fn manifest_entry(path: &str, content: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (sha1, sha256) = (hex(&Sha1::digest(content)), hex(&Sha256::digest(content)));
    format!("\"{path}\" {} {sha1}\n#sha256 {sha256}\n", content.len())
}
