//! What is left for a person once the CIDs of a relay are set up.

use crate::base::language::either;
use crate::base::template::{Form, Values, fill};
use crate::base::text::word;
use crate::mrinit::RelayAddress;

const TEMPLATE: &str = include_str!("../../templates/relay-steps.md");
const GERMAN: &str = include_str!("../../templates/de/relay-steps.md");

/// The steps in the console and at the computers after relay set-up, from `templates/relay-steps.md` \[14635\].
pub(crate) fn relay_steps(relay: &RelayAddress, cids: &[&str], form: impl Into<Form>) -> String {
    let list = relay.to_string();
    let host =
        [relay.fqdn().map(str::to_owned), relay.ip().map(|ip| ip.to_string()), relay.netbios().map(str::to_owned)];
    let cid = |cid: &&str| Values::default().text("PATH", *cid).text("WORD", word(cid));
    let values = Values::default()
        .text("LIST_WORD", word(&list))
        .text("LIST", list)
        .maybe("HOST", host.into_iter().flatten().next().map(|host| word(&host)))
        .maybe("FIRST_WORD", cids.first().map(|cid| word(cid)))
        .list("CID", cids.iter().map(cid).collect());
    fill(either(TEMPLATE, GERMAN), &values, form)
}
