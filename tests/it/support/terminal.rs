//! A terminal of 80 columns and 24 lines with somebody at it, who reads the screen and types.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use rexpect::process::{PtyProcess, WaitStatus};

use super::{LIMIT, TestEnv};

pub(crate) const ENTER: &str = "\r";
pub(crate) const ESC: &str = "\x1b";
pub(crate) const DOWN: &str = "\x1b[B";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const BACK: &str = "\x7f";

pub(crate) struct Terminal {
    process: PtyProcess,
    keys: File,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// All that was printed, for what has left the screen.
    all: Vec<u8>,
}

impl Terminal {
    /// Runs configcid with these words at a terminal.
    pub(crate) fn new(env: &TestEnv, line: &str) -> Self {
        let mut command = env.clean(Command::new("sh"));
        let script = format!("stty rows 24 cols 80 && exec {} {line}", env!("CARGO_BIN_EXE_configcid"));
        command.args(["-c", &script]).env("TERM", "xterm");
        // The child takes the terminal in the place of what is set here.
        command.stdin(std::process::Stdio::inherit());
        let process = PtyProcess::new(command).unwrap();
        let keys = process.get_file_handle().unwrap();
        let mut reader = process.get_file_handle().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // At the end, a terminal of Linux gives an error.
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let [rows, columns] = [24, 80].map(|size| NonZeroU16::new(size).unwrap());
        Self { process, keys, output, screen: vt100::Parser::new(rows, columns, 1000), all: Vec::new() }
    }

    /// The screen as lines, without blanks at their ends.
    pub(crate) fn screen(&self) -> String {
        let lines: Vec<String> = self.screen.screen().rows(0, 80).map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned() + "\n"
    }

    /// All that was printed, with the control sequences.
    pub(crate) fn printed(&self) -> String {
        String::from_utf8_lossy(&self.all).into_owned()
    }

    /// Waits until a text stands on the screen, behind what was typed last.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) -> &mut Self {
        while !self.screen().contains(text) {
            match self.output.recv_timeout(LIMIT) {
                Ok(bytes) => self.take(&bytes),
                Err(why) => panic!("{why}: {text:?} is not on the screen:\n{}\n{}", self.screen(), self.printed()),
            }
        }
        self
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.all.extend(bytes);
    }

    pub(crate) fn types(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    /// Waits for the end, and gives the exit code.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> i32 {
        loop {
            match self.output.recv_timeout(LIMIT) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.screen()),
            }
        }
        match self.process.wait().unwrap() {
            WaitStatus::Exited(_, code) => code,
            other => panic!("{other:?}"),
        }
    }
}
