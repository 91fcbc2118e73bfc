//! The live chart of `configcid envelopes watch`.

use std::time::{Duration, Instant};

use crate::envelopes::print_duration;
use crate::report::safe;
use crate::{Exit, Result};
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph};

use crate::cli::{out, signals};

use super::watched::{Watched, text};

/// Shows the chart until a key ends it, or there are enough samples; `None`: the terminal takes none.
pub(super) fn run(watched: &mut Watched, interval: Duration, samples: Option<u64>) -> Option<Result<Exit>> {
    // On a panic, and when the process is asked to end, too, the terminal is given back as it was.
    let mut terminal = ratatui::try_init().ok()?;
    signals::ask_first(|| {
        ratatui::restore();
        false
    });
    let ended = show(&mut terminal, watched, interval, samples);
    ratatui::restore();
    if let Some(sample) = watched.series.samples.back() {
        out::print(&format!("{}  {}\n", sample.time, text(sample)));
    }
    Some(ended.map(|()| Exit::Done))
}

fn show(
    terminal: &mut ratatui::DefaultTerminal,
    watched: &mut Watched,
    interval: Duration,
    samples: Option<u64>,
) -> Result<()> {
    let mut number = 1;
    let mut next = watched.begin + interval;
    loop {
        // A terminal that has gone ends the watch as a key does.
        if terminal.draw(|frame| draw(frame, watched, interval)).is_err() || Some(number) == samples {
            return Ok(());
        }
        loop {
            let wait = next.saturating_duration_since(Instant::now());
            match event::poll(wait) {
                Ok(false) => break,
                Ok(true) => match event::read() {
                    Ok(event) if ends(&event) => return Ok(()),
                    Ok(Event::Resize(..)) => {
                        let _ = terminal.draw(|frame| draw(frame, watched, interval));
                    }
                    Ok(_) => {}
                    Err(_) => return Ok(()),
                },
                Err(_) => return Ok(()),
            }
        }
        // One that fails leaves a gap in the chart.
        let _ = watched.sample()?;
        number += 1;
        next += interval;
    }
}

fn ends(event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    key.kind == KeyEventKind::Press
        && (matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
            || (key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)))
}

fn draw(frame: &mut Frame<'_>, watched: &Watched, interval: Duration) {
    let samples = &watched.series.samples;
    let Some(last) = samples.back() else { return };
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(frame.area());
    let falls = last.count == 0 || last.change_per_minute.is_some_and(|change| change < 0.0);
    let color = if falls { Color::Green } else { Color::Yellow };
    frame.render_widget(Paragraph::new(text(last)).style(Style::new().fg(color)), head);

    // As many of the last samples as there are columns.
    let first = samples.len().saturating_sub(usize::from(body.width).max(2));
    let points: Vec<(f64, f64)> = samples.range(first..).map(|sample| (sample.seconds, sample.count as f64)).collect();
    let begin = points.first().map_or(0.0, |point| point.0);
    let end = points.last().map_or(0.0, |point| point.0).max(begin + interval.as_secs_f64());
    let most = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let times =
        [end - begin, (end - begin) / 2.0].map(|ago| format!("-{}", print_duration(Duration::from_secs_f64(ago))));
    let [first_time, middle_time] = times;
    let counts = [0.0, most / 2.0, most].map(|count| Line::from(format!("{count:.0}")));
    let data = Dataset::default()
        .marker(Marker::Braille)
        .graph_type(GraphType::Line)
        .style(Style::new().fg(color))
        .data(&points);
    let title = text!(" messages in {} ", safe(&watched.folder.display().to_string()));
    let chart = Chart::new(vec![data])
        .block(Block::bordered().title(title))
        .x_axis(Axis::default().bounds([begin, end]).labels([first_time, middle_time, "now".to_owned()]))
        .y_axis(Axis::default().bounds([0.0, most]).labels(counts));
    frame.render_widget(chart, body);
    let help = text!("every {}; q ends", seconds(interval));
    frame.render_widget(Paragraph::new(help), foot);
}

fn seconds(interval: Duration) -> String {
    if interval.subsec_millis() == 0 { print_duration(interval) } else { format!("{} s", interval.as_secs_f64()) }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use crate::envelopes::Series;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    fn shown(counts: &[u64], width: u16, height: u16) -> String {
        let mut watched =
            Watched { folder: "Envelopes".into(), series: Series::default(), begin: Instant::now(), failures: 0 };
        for (index, count) in counts.iter().enumerate() {
            watched.series.add(SystemTime::UNIX_EPOCH, Duration::from_secs(10 * index as u64), *count);
        }
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, &watched, Duration::from_secs(10))).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn a_chart_of_a_folder_that_empties() {
        let counts: Vec<u64> =
            (0..30).map(|index| if index < 10 { 3_000 + 100 * index } else { 5_000 - 150 * index }).collect();
        insta::assert_snapshot!(shown(&counts, 72, 18));
    }

    #[test]
    fn a_chart_of_one_sample_and_of_none() {
        insta::assert_snapshot!(shown(&[0], 40, 8));
        // However small the terminal, nothing panics.
        for (width, height) in [(1, 1), (3, 2), (10, 3), (200, 50)] {
            shown(&[5, 4, 3], width, height);
        }
    }

    #[test]
    fn keys_that_end_it() {
        let key = |code, modifiers| Event::Key(event::KeyEvent::new(code, modifiers));
        assert!(ends(&key(KeyCode::Char('q'), KeyModifiers::NONE)) && ends(&key(KeyCode::Esc, KeyModifiers::NONE)));
        assert!(ends(&key(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        assert!(!ends(&key(KeyCode::Char('c'), KeyModifiers::NONE)) && !ends(&Event::Resize(1, 1)));
    }
}
