//! The states that a router went through, over time: for a terminal, and as a picture.

use std::fmt::Write;

use super::html::escape;
use crate::base::time;
use crate::logs::{LogReport, State, StatePeriod};

const STYLE: &str = include_str!("../../templates/logs.svg.css");

/// A chart for a terminal: a row for each state that occurs, and as many columns of time as there is room for. A mark
/// stands wherever the state held for any part of the column's time. Empty where there is nothing to show.
///
/// ```
/// use configcid::report::log_chart;
///
/// let dir = tempfile::tempdir().unwrap();
/// let log = "21.11.2026 18:30:00 0D38 I Sophos Messaging Router starting...\n\
///            21.11.2026 19:10:00 0D38 I Waiting for messages...\n\
///            21.11.2026 20:30:00 0D38 I Routing to EM\n";
/// std::fs::write(dir.path().join("Router-20261121-183000.log"), log).unwrap();
/// let chart = log_chart(&configcid::logs::logs(dir.path())?, 4);
/// assert_eq!(chart[1..], ["starting   ##  ", "accepting   ###"]);
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn log_chart(report: &LogReport, width: usize) -> Vec<String> {
    let Some(span) = Span::of(report) else { return Vec::new() };
    let width = width.max(1);
    let mut lines = vec![text!(
        "{} to {}, each column {}",
        span.from,
        span.until,
        length((span.seconds as f64 / width as f64).ceil() as i64)
    )];
    let states = states_of(&report.states);
    let longest = states.iter().map(|state| state.name().len()).max().unwrap_or(0);
    for state in states {
        let mut row = vec![b' '; width];
        for period in report.states.iter().filter(|period| period.state == state) {
            let (first, last) = span.columns(period, width);
            row[first..=last].fill(b'#');
        }
        lines.push(format!("{:longest$}  {}", state.name(), String::from_utf8_lossy(&row)));
    }
    lines
}

/// The same as a picture, SVG, one file without scripts, for light and dark and for paper: one lane for each of those whose
/// logs were read.
pub fn log_svg(report: &LogReport) -> String {
    const LEFT: i64 = 190;
    const PLOT: i64 = 760;
    const ROW: i64 = 22;
    let mut body = String::new();
    let mut top = 44;
    for report in report.all() {
        let Some(span) = Span::of(report) else { continue };
        let name = report.kind.name();
        let _ = writeln!(
            body,
            "<text class=\"lane\" x=\"12\" y=\"{}\">{}</text>",
            top,
            escape(&format!("{name}: {}", report.verdict.what))
        );
        top += 12;
        let states = states_of(&report.states);
        let bottom = top + ROW * states.len() as i64;
        let _ = writeln!(
            body,
            "<rect class=\"plot\" x=\"{LEFT}\" y=\"{top}\" width=\"{PLOT}\" height=\"{}\"/>",
            bottom - top
        );
        for (row, state) in states.iter().enumerate() {
            let y = top + ROW * row as i64;
            let _ =
                writeln!(body, "<text class=\"state\" x=\"{}\" y=\"{}\">{}</text>", LEFT - 10, y + 15, state.name());
            for period in report.states.iter().filter(|period| period.state == *state) {
                let x = |share: f64| LEFT as f64 + share * PLOT as f64;
                let (from, until) = span.shares(period);
                let width = (x(until) - x(from)).max(1.5);
                let _ = writeln!(
                    body,
                    "<rect class=\"{}\" x=\"{:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"14\"><title>{}</title></rect>",
                    class(*state),
                    x(from),
                    y + 4,
                    escape(&text!(
                        "{}: {} to {} ({} line {})",
                        state.name(),
                        period.from,
                        period.until,
                        period.log,
                        period.line
                    )),
                );
            }
        }
        for (share, anchor, text) in [(0.0, "start", &span.from), (1.0, "end", &span.until)] {
            let x = LEFT as f64 + share * PLOT as f64;
            let _ = writeln!(
                body,
                "<text class=\"time\" text-anchor=\"{anchor}\" x=\"{x:.0}\" y=\"{}\">{}</text>",
                bottom + 16,
                escape(text)
            );
        }
        top = bottom + 44;
    }
    let (width, height) = (LEFT + PLOT + 24, top);
    text!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"logs\" role=\"img\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<title>States over time</title>\n<style>\n{STYLE}</style>\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n{body}</svg>\n",
        width,
        height,
        STYLE,
        body
    )
}

fn class(state: State) -> &'static str {
    match state {
        State::LoggedOn | State::Accepting => "good",
        State::Lost | State::Retrying => "bad",
        State::Off | State::Unknown => "soft",
        _ => "doubtful",
    }
}

/// The states that occur, in the order of a healthy start.
fn states_of(periods: &[StatePeriod]) -> Vec<State> {
    State::ALL.into_iter().filter(|state| periods.iter().any(|period| period.state == *state)).collect()
}

/// The time that a chart shows.
struct Span {
    from: String,
    until: String,
    begin: i64,
    seconds: i64,
}

impl Span {
    fn of(report: &LogReport) -> Option<Self> {
        let (first, last) = (report.states.first()?, report.states.last()?);
        let begin = report.states.iter().map(|period| seconds(&period.from)).min()?;
        let end = report.states.iter().map(|period| seconds(&period.until)).max()?;
        Some(Self { from: first.from.clone(), until: last.until.clone(), begin, seconds: (end - begin).max(1) })
    }

    fn shares(&self, period: &StatePeriod) -> (f64, f64) {
        let share = |time: &str| (seconds(time) - self.begin) as f64 / self.seconds as f64;
        (share(&period.from).clamp(0.0, 1.0), share(&period.until).clamp(0.0, 1.0))
    }

    fn columns(&self, period: &StatePeriod, width: usize) -> (usize, usize) {
        let (from, until) = self.shares(period);
        let column = |share: f64| ((share * width as f64) as usize).min(width - 1);
        (column(from), column(until).max(column(from)))
    }
}

/// A moment of a report in seconds.
fn seconds(moment: &str) -> i64 {
    let moment = if moment.ends_with('Z') { moment.to_owned() } else { format!("{moment}Z") };
    let Ok(moment) = time::parse(&moment) else { return 0 };
    match moment.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => since.as_secs() as i64,
        Err(before) => -(before.duration().as_secs() as i64),
    }
}

fn length(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => text!("{} min", (seconds + 30) / 60),
        7_200..172_800 => format!("{} h", (seconds + 1_800) / 3_600),
        _ => format!("{} d", (seconds + 43_200) / 86_400),
    }
}
