use super::bindings::exports::wirken::policy::rules::Guest;
use super::*;

/// Lets nothing be said that is not whole.
struct Whole;

impl Policy for Whole {
    fn review_outbound(_context: &Context, text: &str, complete: bool) -> Decision {
        if complete { Decision::Pass } else { Decision::Refuse(format!("{} bytes are not the whole", text.len())) }
    }
}

/// Has no objection to anything.
struct Silent;

impl Policy for Silent {}

fn context() -> Context {
    let text = || "x".to_owned();
    Context {
        agent: text(),
        channel: text(),
        conversation: text(),
        shared: false,
        sender: text(),
        session: text(),
        component: text(),
        tier: 1,
        tainted: false,
        now_millis: 0,
        settings: "{}".into(),
    }
}

#[test]
fn what_a_policy_writes_is_asked_and_what_it_leaves_out_has_no_objection() {
    let call = || ToolCall { id: "1".into(), name: "t".into(), arguments: "{}".into() };
    let intent = Intent { action: "read".into(), target: ".".into(), detail: "{}".into() };
    let result = ToolResult { call_id: "1".into(), name: "t".into(), content: Vec::new(), is_error: false };
    let passage = Passage { source: "person".into(), name: String::new(), text: "hello".into() };
    assert_eq!(Component::<Whole>::review_outbound(context(), "ab".into(), false), Decision::Refuse("2 bytes are not the whole".into()));
    assert_eq!(Component::<Whole>::review_outbound(context(), "ab".into(), true), Decision::Pass);
    assert_eq!(Component::<Silent>::check(context(), call(), vec![intent.clone()]), Verdict::Allow);
    assert_eq!(Component::<Silent>::check_effect(context(), call(), intent), Verdict::Allow);
    assert_eq!(Component::<Silent>::review(context(), call(), result), Decision::Pass);
    assert_eq!(Component::<Silent>::review_outbound(context(), "a".into(), false), Decision::Pass);
    assert_eq!(Component::<Silent>::screen(context(), passage), Screening { decision: Decision::Pass, findings: Vec::new() });
}
