use super::bindings::exports::wirken::channel::adapter::{Guest, GuestConnection};
use super::*;

/// Asks for a timer, and counts how often it came.
struct Clock {
    ticks: u64,
}

impl Channel for Clock {
    fn new(_settings: &str, state: Vec<State>, _random: &[u8], _recovering: bool) -> Self {
        Self { ticks: state.len() as u64 }
    }

    fn start(&mut self, _now_millis: u64) -> Vec<Effect> {
        vec![Effect::SetTimer(Timer { id: 1, after_millis: 10 })]
    }

    fn handle(&mut self, _now_millis: u64, event: Event) -> Vec<Effect> {
        let Event::Timer(id) = event else { return Vec::new() };
        self.ticks += 1;
        vec![Effect::Health(Health { state: "ok".into(), detail: format!("{id}: {}", self.ticks) })]
    }
}

#[test]
fn a_channel_keeps_its_state_between_events() {
    let state = vec![State { key: "k".into(), value: Vec::new() }];
    let connection = <Component<Clock> as Guest>::Connection::new("{}".into(), state, vec![0; 32], false);
    assert_eq!(connection.start(0), [Effect::SetTimer(Timer { id: 1, after_millis: 10 })]);
    assert_eq!(connection.handle(5, Event::Shutdown), []);
    let health = |detail: &str| [Effect::Health(Health { state: "ok".into(), detail: detail.into() })];
    assert_eq!(connection.handle(10, Event::Timer(1)), health("1: 2"));
    assert_eq!(connection.handle(20, Event::Timer(1)), health("1: 3"));
}
