//! The fakes, held to what they imitate.

#[cfg(test)]
mod llm;
#[cfg(test)]
mod openai_sdk;
#[cfg(test)]
mod program;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod searxng;
#[cfg(test)]
mod telegram;
#[cfg(test)]
mod telegram_sdk;
