use wirken_secret::Secret;

fn serialize<T: serde::Serialize>(_: T) {}

fn main() {
    serialize(Secret::new(vec![0; 8]));
}
