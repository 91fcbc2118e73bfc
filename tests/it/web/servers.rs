//! nginx, Apache and Caddy, each on a port of its own of the loopback interface, for as long as a test needs it. They are set
//! up to do all that harms a CID, as far as the configuration that is tried does not forbid it.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::support::browser::have_with;
use crate::support::{LIMIT, TestEnv};

/// A web server that there is a template for, and that runs here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nginx,
    Apache,
    Caddy,
}

impl Kind {
    /// As the command line has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "apache",
            Self::Caddy => "caddy",
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::Nginx => "/usr/sbin/nginx",
            Self::Apache => "/usr/sbin/apache2",
            Self::Caddy => "caddy",
        }
    }

    pub(super) fn is_there(self) -> bool {
        have_with(self.program(), if self == Self::Caddy { "version" } else { "-v" })
    }

    /// The whole configuration around what is tried.
    fn around(self, folder: &Path, port: u16, tried: &Path) -> String {
        let (folder, tried) = (folder.display(), tried.display());
        match self {
            Self::Nginx => format!(
                "daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;\n\
                 events {{ }}\n\
                 http {{\n\
                 access_log off; gzip on; gzip_types *; gzip_min_length 1; autoindex on; expires 30d;\n\
                 include /etc/nginx/mime.types;\n\
                 client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;\n\
                 uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;\n\
                 server {{ listen 127.0.0.1:{port}; root /nowhere; include {tried}; }}\n\
                 }}\n"
            ),
            Self::Apache => {
                let modules: String = [
                    "mpm_event",
                    "authz_core",
                    "alias",
                    "env",
                    "headers",
                    "mime",
                    "filter",
                    "deflate",
                    "dir",
                    "autoindex",
                    "negotiation",
                    "expires",
                    "cgid",
                    "include",
                    "auth_basic",
                    "authn_core",
                    "authn_file",
                    "authz_user",
                ]
                .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
                .concat();
                format!(
                    "{modules}Listen 127.0.0.1:{port}\nServerName localhost\nPidFile {folder}/pid\nErrorLog {folder}/log\n\
                     User www-data\nGroup www-data\nScriptSock {folder}/sock\nMutex file:{folder}\n\
                     TypesConfig /etc/mime.types\nAddEncoding x-gzip .gz .cfg\nAddHandler cgi-script .cgi\n\
                     AddHandler type-map .var\nAddType text/html .shtml\nAddOutputFilter INCLUDES .shtml\n\
                     AddLanguage es .es\nAddCharset utf-8 .utf8\nAddDefaultCharset utf-8\n\
                     SetOutputFilter DEFLATE\nExpiresActive On\nExpiresDefault \"access plus 30 days\"\n\
                     <Directory />\nRequire all denied\nOptions All MultiViews\n</Directory>\nInclude {tried}\n"
                )
            }
            Self::Caddy => format!(
                "{{\nadmin off\nauto_https off\n}}\nhttp://127.0.0.1:{port} {{\nencode gzip\nimport {tried}\n}}\n"
            ),
        }
    }

    fn command(self, folder: &Path, config: &Path) -> Command {
        let mut command = Command::new(self.program());
        match self {
            Self::Nginx => command.arg("-p").arg(folder).arg("-c").arg(config).arg("-e").arg(folder.join("log")),
            Self::Apache => command.arg("-X").arg("-d").arg(folder).arg("-f").arg(config),
            Self::Caddy => command.args(["run", "--adapter", "caddyfile", "--config"]).arg(config),
        };
        // A server starts others, as Apache its daemon for CGI, which end with it as one group.
        command.process_group(0);
        command.env("HOME", folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

/// A server that runs.
pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    pub port: u16,
}

impl Server {
    /// Starts a server with this configuration in its place.
    pub(super) fn start(env: &TestEnv, kind: Kind, tried: &str) -> Self {
        let folder = env.path(&format!("server-{}", kind.name()));
        fs::create_dir_all(&folder).unwrap();
        // Apache's worker is another user, who is to read what a test's folder holds.
        for path in env.path("").ancestors().take(2) {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let (inner, outer) = (folder.join("tried.conf"), folder.join("server.conf"));
        fs::write(&inner, tried).unwrap();
        // Another process may take the port that was free.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            fs::write(&outer, kind.around(&folder, port, &inner)).unwrap();
            let child = kind.command(&folder, &outer).spawn().unwrap();
            let mut server = Self { child, folder: folder.clone(), port };
            if server.answers() {
                return server;
            }
        }
        panic!("{} does not start", kind.name());
    }

    /// Whether it has begun to answer; not if it has ended.
    fn answers(&mut self) -> bool {
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                let mut said = String::new();
                self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                assert!(said.contains("in use") || log.contains("in use"), "{said}{log}");
                return false;
            }
            std::thread::yield_now();
        }
        false
    }

    /// Asks for a path, which is escaped already, as one that takes anything.
    pub(super) fn ask(&self, method: &str, path: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
            self.port
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Answer { head, body: bytes[end + 4..].to_vec() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.child.wait();
    }
}

/// What a server answers.
pub(super) struct Answer {
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there twice: {}", self.head);
        value
    }
}

/// A path as a URL has it.
pub(super) fn escaped(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
