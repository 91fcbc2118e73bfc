//! Questions at a terminal. Each can be left, and whoever leaves one leaves all: nothing is written before the last.

use std::path::Path;

use crate::cli::out::{Color, Out};
use crate::report::safe;
use crate::{Error, Result};
use inquire::ui::RenderConfig;
use inquire::{Confirm, InquireError, MultiSelect, Select, Text};

/// Why there is no answer.
pub(super) enum Stop {
    /// The question was left.
    Left,
    /// Something went wrong.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

pub(super) type Asked<T> = Result<T, Stop>;

/// A line of a narrow console, less what stands before an answer.
const WIDTH: usize = 70;

fn stop(error: InquireError) -> Stop {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => Stop::Left,
        InquireError::IO(error) => Stop::Failed(Error::io("ask", Path::new(text!("the terminal")), error)),
        other => Stop::Failed(Error::usage(text!("nobody can be asked: {other}", other))),
    }
}

/// How questions look: as the rest of the output, and in ASCII alone, which every console has.
fn look(out: Out) -> RenderConfig<'static> {
    match out.color {
        Color::Auto => RenderConfig::default(),
        Color::Always => RenderConfig::default_colored(),
        Color::Never => RenderConfig::empty(),
    }
}

/// What stands in one line: of what is too long, the end, which tells paths apart.
fn line(text: &str) -> String {
    let text = safe(text);
    let all = text.chars().count();
    match all.checked_sub(WIDTH) {
        None | Some(0) => text,
        Some(more) => format!("...{}", text.chars().skip(more + 3).collect::<String>()),
    }
}

/// One of several; gives which.
pub(super) fn one(question: &str, answers: &[String], out: Out) -> Asked<usize> {
    let answers = answers.iter().map(|answer| line(answer)).collect();
    let select = Select::new(question, answers).with_render_config(look(out)).without_filtering();
    select
        .with_help_message(text!("arrows move, Enter takes, Esc leaves"))
        .raw_prompt()
        .map_err(stop)
        .map(|answer| answer.index)
}

/// Some of several, at least one.
pub(super) fn some(question: &str, answers: &[String], chosen: &[usize], out: Out) -> Asked<Vec<usize>> {
    loop {
        let lines = answers.iter().map(|answer| line(answer)).collect();
        let select = MultiSelect::new(question, lines).with_render_config(look(out)).without_filtering();
        let select = select.with_help_message(text!("arrows move, Space marks, Enter goes on, Esc leaves"));
        let select = select.with_formatter(&|taken| match taken {
            [only] => only.value.clone(),
            // The lines stand above.
            _ => text!("{} of them", taken.len()),
        });
        let taken = select.with_default(chosen).raw_prompt().map_err(stop)?;
        if !taken.is_empty() {
            return Ok(taken.into_iter().map(|answer| answer.index).collect());
        }
        out.doubtful("Mark at least one with Space; Esc leaves");
    }
}

/// A line of text, without blanks around it. What cannot be shown as it is, is not offered to begin with.
pub(super) fn text(question: &str, at_first: &str, help: &str, out: Out) -> Asked<String> {
    let question = safe(question);
    let at_first = if safe(at_first) == at_first { at_first } else { "" };
    let text = Text::new(&question).with_render_config(look(out)).with_initial_value(at_first).with_help_message(help);
    text.prompt().map_err(stop).map(|text| text.trim().to_owned())
}

/// Yes or no, which is no unless somebody says yes.
pub(super) fn agreed(question: &str, out: Out) -> Asked<bool> {
    Confirm::new(question).with_render_config(look(out)).with_default(false).prompt().map_err(stop)
}
