//! Core modules to components.

use wit_component::ComponentEncoder;

/// Encodes a core module that carries the description of its world, as a guest compiled with wit-bindgen does. What is a
/// component already stays as it is.
pub fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    if is_component(module) {
        return Ok(module.to_vec());
    }
    ComponentEncoder::default().validate(true).module(module).and_then(|mut encoder| encoder.encode()).map_err(|error| format!("{error:#}"))
}

/// Told apart by the layer in the header: 0 for a core module, 1 for a component.
pub(crate) fn is_component(bytes: &[u8]) -> bool {
    matches!(bytes, [b'\0', b'a', b's', b'm', _, _, 1, 0, ..])
}
