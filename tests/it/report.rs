//! Pages and metrics as the programs that read them see them.

use crate::support::TestEnv;
use crate::support::browser::{have_browser, show};
use configcid::report::{Metrics, html};

#[test]
fn a_page_is_shown_in_light_and_dark_and_on_paper() {
    if !have_browser() {
        return;
    }
    let env = TestEnv::new();
    let body = format!("<p class=\"bad\">{}</p><table><tr><th>CID<td>ESXP</table>", html::escape("3 < 4 & \u{202E}so"));
    env.write("page.html", html::page("CIDs of \"Sales\"", &body));
    let light = show(&env.path("page.html"), "light", (800, 600), false);
    let dark = show(&env.path("page.html"), "dark", (800, 600), true);
    for shown in [&light, &dark] {
        shown.shows("CIDs of \"Sales\"");
        shown.shows(r"3 < 4 & \u{202e}so");
    }
}

#[test]
fn metrics_are_what_prometheus_reads() {
    let mut metrics = Metrics::default();
    metrics
        .gauge("configcid_a", "One.\nTwo \\ three.")
        .sample(&[("cid", "C:\\E \"x\"\n")], 1.5)
        .sample(&[], f64::INFINITY);
    metrics.gauge("configcid_b", "Without samples.");
    let text = metrics.to_string();
    assert!(text.contains(r#"configcid_a{cid="C:\\E \"x\"\n"} 1.5"#), "{text}");
    crate::support::check_metrics(&text);
}
