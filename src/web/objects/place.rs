//! Where a CID in a store is: `s3://bucket/prefix` and its like, and who asks for it. Credentials come from where each ecosystem
//! keeps them, and are shown nowhere.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{ObjectStore, RetryConfig};

use object_store::path::Path as Key;

use super::http::Connector;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::files::read_file;
use crate::catalog::{CidPath, is_catalog_name};

/// No file of settings is larger (our choice).
const MAX_SETTINGS: u64 = 1 << 20;

/// Which store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    S3,
    Azure,
    Google,
}

/// A CID in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectAddress {
    pub(super) kind: Kind,
    pub(super) bucket: String,
    /// Without slashes at its ends.
    pub(super) prefix: String,
}

impl ObjectAddress {
    /// Whether this is the URL of a place in a store.
    pub(crate) fn is_one(text: &str) -> bool {
        ["s3://", "az://", "gs://"]
            .iter()
            .any(|scheme| text.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))
    }

    /// Reads `s3://bucket/prefix`, `az://container/prefix` or `gs://bucket/prefix`.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::usage(text!("{text} is no place in a store: {why}", text, why))
                .next("write s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or gs://BUCKET/PREFIX")
        };
        let kind = match text.get(..5).map(str::to_ascii_lowercase).as_deref() {
            Some("s3://") => Kind::S3,
            Some("az://") => Kind::Azure,
            Some("gs://") => Kind::Google,
            _ => return Err(wrong(text!("it begins otherwise"))),
        };
        let (bucket, prefix) = text[5..].split_once('/').unwrap_or((&text[5..], ""));
        if bucket.is_empty() {
            return Err(wrong(text!("it names no bucket")));
        }
        if bucket.contains('@') {
            return Err(Error::usage("a user or a key stands in the URL")
                .next("leave it out: credentials come from the environment and the usual files"));
        }
        if !bucket.chars().all(|c| c.is_ascii_alphanumeric() || "-._$".contains(c)) {
            return Err(wrong(text!("the bucket has a character that no name has")));
        }
        let prefix: Vec<&str> = prefix.split('/').filter(|part| !part.is_empty()).collect();
        if let Some((last, above)) = prefix.split_last()
            && is_catalog_name(last)
        {
            let what = text!("{last} is a catalog in a CID, and no prefix", last);
            return Err(wrong(&what).next(text!(
                "name the CID itself: {text}{bucket}/{join}",
                text = &text[..5],
                bucket,
                join = above.join("/")
            )));
        }
        if prefix
            .iter()
            .any(|part| matches!(*part, "." | "..") || part.contains(|c: char| c.is_control() || "?#".contains(c)))
        {
            return Err(wrong(text!("the prefix has a name of dots, a control character, ? or #")));
        }
        Ok(Self { kind, bucket: bucket.to_owned(), prefix: prefix.join("/") })
    }

    /// The place that holds it; `None` for the bucket itself.
    pub(super) fn above(&self) -> Option<Self> {
        if self.prefix.is_empty() {
            return None;
        }
        let prefix = self.prefix.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
        Some(Self { prefix, ..self.clone() })
    }

    /// What the store calls a file of it.
    ///
    /// # Errors
    /// No object can have this name.
    pub(super) fn key(&self, path: &CidPath) -> Result<Key> {
        let parts = path.parts().collect::<Vec<_>>().join("/");
        key(&if self.prefix.is_empty() { parts } else { format!("{}/{parts}", self.prefix) })
    }

    /// What the store calls the place; `None`: it is the bucket.
    ///
    /// # Errors
    /// No object can have this name.
    pub(super) fn prefix_key(&self) -> Result<Option<Key>> {
        if self.prefix.is_empty() { Ok(None) } else { key(&self.prefix).map(Some) }
    }

    /// The URL of a file of it.
    pub(super) fn url(&self, path: &CidPath) -> String {
        format!("{self}/{}", path.parts().collect::<Vec<_>>().join("/"))
    }

    /// Who asks for it.
    ///
    /// # Errors
    /// The settings say too little, or what cannot be.
    pub(super) fn store(&self, connector: Connector) -> Result<Box<dyn ObjectStore>> {
        // Tries are made by whoever asks: those of the library want a runtime of its own.
        let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
        let bucket = &self.bucket;
        let built: object_store::Result<Box<dyn ObjectStore>> = match self.kind {
            Kind::S3 => {
                let mut builder = AmazonS3Builder::new();
                for (name, value) in aws_settings(&environment())? {
                    if let Ok(key) = name.to_ascii_lowercase().parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                let built = builder.with_bucket_name(bucket).with_retry(retry).with_http_connector(connector).build();
                built.map(|store| Box::new(store) as _)
            }
            Kind::Azure => {
                let builder = MicrosoftAzureBuilder::from_env().with_container_name(bucket);
                builder.with_retry(retry).with_http_connector(connector).build().map(|store| Box::new(store) as _)
            }
            Kind::Google => {
                let builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
                builder.with_retry(retry).with_http_connector(connector).build().map(|store| Box::new(store) as _)
            }
        };
        built.map_err(|error| {
            Error::usage(text!(
                "the settings for {place} say too little, or what cannot be: {error}",
                place = self,
                error
            ))
            .next(self.settings())
        })
    }

    /// Where its credentials come from.
    pub(super) fn settings(&self) -> &'static str {
        match self.kind {
            Kind::S3 => {
                text!(
                    "credentials come from AWS_ACCESS_KEY_ID and its like, ~/.aws/credentials and ~/.aws/config (AWS_PROFILE), or the \
                 machine's role; AWS_REGION and AWS_ENDPOINT_URL tell where"
                )
            }
            Kind::Azure => {
                text!(
                    "credentials come from AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_KEY, from \
                 AZURE_CLIENT_ID and its like, or from the az program (AZURE_USE_AZURE_CLI=true)"
                )
            }
            Kind::Google => {
                text!(
                    "credentials come from the file of GOOGLE_APPLICATION_CREDENTIALS, from what gcloud auth application-default login \
                 left, or from the machine"
                )
            }
        }
    }
}

impl std::fmt::Display for ObjectAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = match self.kind {
            Kind::S3 => "s3",
            Kind::Azure => "az",
            Kind::Google => "gs",
        };
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "{scheme}://{}{slash}{}", self.bucket, self.prefix)
    }
}

/// A name that is what it says: [`Key::from`] would write another one for some.
fn key(name: &str) -> Result<Key> {
    Key::parse(name).map_err(|why| {
        Error::new(ErrorKind::Path, text!("no object has this name: {why}", why)).in_file(Path::new(name))
    })
}

/// The variables that are text.
fn environment() -> HashMap<String, String> {
    let text =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    text.filter(|(_, value)| !value.is_empty()).collect()
}

/// What belongs together: credentials of two places are never mixed.
const AWS_KEYS: [(&str, &str); 3] = [
    ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
    ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ("aws_session_token", "AWS_SESSION_TOKEN"),
];

/// The variables of the AWS tools, and what their files say for the profile that is asked for, as the variables are called.
///
/// # Errors
/// A file has no such profile, or keeps its credentials in a way that is not known here.
fn aws_settings(environment: &HashMap<String, String>) -> Result<Vec<(String, String)>> {
    let variable = |name: &str| environment.get(name).cloned();
    let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
    let file = |name: &str, usual: &str| {
        let path = variable(name).map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(".aws").join(usual)))?;
        String::from_utf8(read_file(&path, MAX_SETTINGS).ok()?).ok()
    };
    let config = file("AWS_CONFIG_FILE", "config").unwrap_or_default();
    let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials").unwrap_or_default();
    let asked_for = variable("AWS_PROFILE");
    let profile = asked_for.clone().unwrap_or_else(|| "default".to_owned());
    let of_config =
        section(&config, &if profile == "default" { profile.clone() } else { format!("profile {profile}") });
    let of_credentials = section(&credentials, &profile);
    if let (Some(profile), None, None) = (&asked_for, &of_config, &of_credentials) {
        return Err(Error::usage(text!(
            "AWS_PROFILE names {profile}, and the files of the AWS tools have no such profile",
            profile
        ))
        .next("see ~/.aws/config and ~/.aws/credentials, or unset AWS_PROFILE"));
    }
    let (mut found, credentials) = (of_config.unwrap_or_default(), of_credentials.unwrap_or_default());
    if credentials.contains_key(AWS_KEYS[0].0) {
        AWS_KEYS.iter().for_each(|(key, _)| _ = found.remove(*key));
    }
    found.extend(credentials);
    let has_keys = environment.contains_key(AWS_KEYS[0].1);
    if has_keys {
        AWS_KEYS.iter().for_each(|(key, _)| _ = found.remove(*key));
    } else if !found.contains_key(AWS_KEYS[0].0)
        && let Some(way) = ["sso_session", "sso_start_url", "credential_process", "role_arn"]
            .iter()
            .find(|way| found.contains_key(**way))
    {
        return Err(Error::usage(text!(
            "the profile {profile} gets its credentials by {way}, which is not known here",
            profile,
            way
        ))
        .next("eval \"$(aws configure export-credentials --format env)\" puts them into variables"));
    }
    let further = [("region", "AWS_REGION"), ("endpoint_url", "AWS_ENDPOINT_URL")];
    let of_files = AWS_KEYS.into_iter().chain(further);
    let mut settings: Vec<(String, String)> =
        of_files.filter_map(|(key, name)| Some((name.to_owned(), found.remove(key)?))).collect();
    let mut own: Vec<_> = environment.iter().filter(|(name, _)| name.starts_with("AWS_")).collect();
    own.sort();
    settings.extend(own.into_iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(settings)
}

/// The settings of one section of such a file, if it has that.
fn section(text: &str, name: &str) -> Option<HashMap<String, String>> {
    let mut found = None;
    let mut is_it = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_it = header.trim() == name;
            if is_it {
                found.get_or_insert_default();
            }
        } else if let (true, Some((key, value))) = (is_it, line.split_once('=')) {
            let found: &mut HashMap<String, String> = found.get_or_insert_default();
            found.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_stores_have_one_form() {
        for (text, shown) in [
            ("s3://bucket/CIDs//S000/ESXP/", "s3://bucket/CIDs/S000/ESXP"),
            ("AZ://container", "az://container"),
            ("gs://b.c-d/a b", "gs://b.c-d/a b"),
        ] {
            assert!(ObjectAddress::is_one(text));
            assert_eq!(ObjectAddress::parse(text).unwrap().to_string(), shown);
        }
        for text in ["s3://", "s3:///x", "s3://a b/x", "s3://b/../x", "s3://b/x?y", "http://b/x"] {
            assert!(ObjectAddress::parse(text).is_err(), "{text}");
        }
        let error = ObjectAddress::parse("s3://b/ESXP/cidsync.upd").unwrap_err().to_string();
        assert!(error.contains("s3://b/ESXP"), "{error}");
        let error = ObjectAddress::parse("s3://key:secret@bucket/x").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn a_profile_is_a_section() {
        let text = "# c\n[default]\nregion = a\n[profile x]\n region=b\n;aws_secret_access_key = no\nAWS_ACCESS_KEY_ID = k = v\n";
        assert_eq!(section(text, "default"), Some(HashMap::from([("region".into(), "a".into())])));
        let of_x = [("region".into(), "b".into()), ("aws_access_key_id".into(), "k = v".into())];
        assert_eq!(section(text, "profile x"), Some(HashMap::from(of_x)));
        assert_eq!(section(text, "y"), None);
    }

    /// What is taken where the variables and the two files say this.
    fn settings(variables: &[(&str, &str)], config: &str, credentials: &str) -> Result<HashMap<String, String>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".aws")).unwrap();
        std::fs::write(folder.path().join(".aws/config"), config).unwrap();
        std::fs::write(folder.path().join(".aws/credentials"), credentials).unwrap();
        let mut environment: HashMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        environment.insert("HOME".into(), folder.path().display().to_string());
        aws_settings(&environment).map(|settings| settings.into_iter().collect())
    }

    #[test]
    fn credentials_of_two_places_are_never_mixed() {
        let config = "[default]\nregion=r\naws_access_key_id=config\naws_session_token=config\n";
        let credentials = "[default]\naws_access_key_id=file\naws_secret_access_key=file\n";
        let found = settings(&[], config, credentials).unwrap();
        assert_eq!((&*found["AWS_ACCESS_KEY_ID"], &*found["AWS_REGION"]), ("file", "r"));
        assert!(!found.contains_key("AWS_SESSION_TOKEN"));
        let own = [("AWS_ACCESS_KEY_ID", "own"), ("AWS_SECRET_ACCESS_KEY", "own")];
        let token = "[default]\naws_access_key_id=file\naws_secret_access_key=file\naws_session_token=file\n";
        let found = settings(&own, "", token).unwrap();
        assert_eq!(found["AWS_SECRET_ACCESS_KEY"], "own");
        assert!(!found.contains_key("AWS_SESSION_TOKEN"));
    }

    #[test]
    fn a_profile_that_cannot_be_used_is_said() {
        let absent = settings(&[("AWS_PROFILE", "x")], "[profile y]\nregion=r\n", "").unwrap_err().to_string();
        assert!(absent.contains("no such profile"), "{absent}");
        let sso = "[profile x]\nsso_session=s\n";
        let unknown = settings(&[("AWS_PROFILE", "x")], sso, "").unwrap_err().to_string();
        assert!(unknown.contains("sso_session") && unknown.contains("export-credentials"), "{unknown}");
        settings(&[("AWS_PROFILE", "x"), ("AWS_ACCESS_KEY_ID", "own")], sso, "").unwrap();
    }

    #[test]
    fn what_holds_a_place_ends_at_its_bucket() {
        let address = ObjectAddress::parse("s3://b/x/y").unwrap();
        let above = address.above().unwrap();
        assert_eq!((above.to_string(), above.above().unwrap().to_string()), ("s3://b/x".into(), "s3://b".into()));
        assert_eq!(above.above().unwrap().above(), None);
        assert_eq!(above.url(&CidPath::parse("\\rms\\a b").unwrap()), "s3://b/x/rms/a b");
    }
}
