//! Metrics in the text format that Prometheus reads, for the text file collector of its node exporter.

use std::fmt::Write;

/// Gauges, in the order in which they were added.
///
/// ```
/// use configcid::report::Metrics;
///
/// let mut metrics = Metrics::default();
/// metrics.gauge("configcid_cid_in_step", "Whether the CID is as its fleet file says.").sample(&[("cid", r"C:\ESXP")], 1.0);
/// assert!(metrics.to_string().ends_with("configcid_cid_in_step{cid=\"C:\\\\ESXP\"} 1\n"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    text: String,
}

impl Metrics {
    /// Begins a gauge. `name` is made of lower-case letters, digits and `_`, and begins with `configcid_`; no name comes
    /// twice. `help` is a sentence.
    pub fn gauge(&mut self, name: &'static str, help: &str) -> Gauge<'_> {
        debug_assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge");
        Gauge { metrics: self, name }
    }
}

impl std::fmt::Display for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// A gauge that takes samples.
#[derive(Debug)]
pub struct Gauge<'a> {
    metrics: &'a mut Metrics,
    name: &'static str,
}

impl Gauge<'_> {
    /// Adds a sample. The names of labels are ours, their values any text.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) -> &mut Self {
        let text = &mut self.metrics.text;
        text.push_str(self.name);
        for (index, (name, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            let _ = write!(text, "{}{name}=\"{value}\"", if index == 0 { '{' } else { ',' });
        }
        if !labels.is_empty() {
            text.push('}');
        }
        let value =
            if value.is_infinite() { if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned() } else { value.to_string() };
        let _ = writeln!(text, " {value}");
        self
    }
}
