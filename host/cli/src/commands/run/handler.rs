//! What the gateway does for commands that reach it through the control socket.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context;
use serde_json::{Value, json};
use wirken_gateway::channel::Channels;
use wirken_gateway::control::{self, Asked, Reply, Request};
use wirken_gateway::folder::Folder;
use wirken_gateway::{Gateway, Sparse};
use wirken_types::Timestamp;
use wirken_types::approval::Holder;
use wirken_webchat::Logins;

use crate::commands::component::Change;
use crate::commands::{ask, skill};
use crate::keys::Keys;
use crate::tooling::Tooling;
use crate::{output, restart};

pub(super) struct Handler {
    pub(super) gateway: Gateway,
    pub(super) folder: Folder,
    pub(super) keys: Keys,
    pub(super) tooling: Tooling,
    pub(super) channels: Arc<Channels>,
    pub(super) logins: Logins,
    pub(super) address: SocketAddr,
    pub(super) provider: String,
    pub(super) started: Timestamp,
    pub(super) refusals: Sparse,
}

impl control::Handler for Handler {
    fn handle(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move {
            match self.carry_out(asked).await {
                Ok(answer) => Reply::Done(answer),
                Err(error) => Reply::Refused(format!("{error:#}")),
            }
        })
    }

    fn refused(&self, uid: u32, pid: i32, reason: &'static str) {
        if !self.refusals.passes() {
            return;
        }
        let gateway = self.gateway.clone();
        tokio::spawn(async move {
            let detail = json!({ "uid": uid, "pid": pid, "reason": reason });
            if let Err(error) = gateway.record_system("control-refused", "control.sock", detail).await {
                tracing::error!(%error, uid, pid, "a refused caller could not be recorded");
            }
        });
    }
}

impl Handler {
    async fn carry_out(&self, asked: Asked) -> anyhow::Result<Value> {
        let Asked { request, value, progress } = asked;
        Ok(match request {
            Request::Status => json!({
                "running": true,
                "pid": std::process::id(),
                "since": self.started,
                "webchat": format!("http://{}/", self.address),
                "provider": self.provider,
                "channels": self.channels.status(),
                "resting": self.keys.resting(),
                "uses": self.keys.uses(),
                "config": restart::changed(&self.folder, &self.keys.config),
                "policies": self.tooling.policies().names(),
            }),
            Request::WebchatLogin => {
                self.record("webchat-login-issued", "webchat", json!({ "by": "wirken webchat login" })).await?;
                let token = self.logins.issue(Timestamp::now())?;
                json!({ "url": token.url(self.address) })
            }
            Request::ChannelApprove { account, code } => {
                let (sender, told) = self.channels.approve(&account, &code).await?;
                json!({ "account": account, "sender": sender, "told": told })
            }
            Request::ChannelRevoke { account, sender } => {
                self.channels.revoke(&account, &sender).await?;
                json!({ "account": account, "sender": sender })
            }
            Request::SessionClose { session } => {
                let id = session.parse()?;
                self.gateway.close_session(id, "owner").await?;
                json!({ "closed": session })
            }
            Request::Ask { message } => {
                ask::answer(&self.gateway, &message, progress).await?;
                Value::Null
            }
            Request::CredentialAdd { component, name, origins, places } => {
                let value = value.context("no value came with the credential")?;
                self.keys.add(&component, &name, &origins, &places, &value).await?
            }
            Request::CredentialRotate { component, name } => {
                let value = value.context("no value came with the credential")?;
                self.keys.rotate(&component, &name, &value).await?
            }
            Request::CredentialRemove { component, name } => self.keys.remove(&component, &name).await?,
            Request::ApprovalAnswer { approval, choice, note } => {
                self.gateway.answer_as_owner(approval, choice, note, "cli").await?;
                json!({ "approval": approval, "choice": choice })
            }
            Request::GrantAdd { account, sender, component, program, arguments } => {
                let holder = Holder { agent: wirken_config::AGENT.into(), account, sender };
                let given = self.gateway.grant_program(holder, component, program, arguments, "cli").await?;
                json!({ "grant": given.grant.id, "until": output::time(given.until), "what": given.words })
            }
            Request::GrantRevoke { grant } => {
                self.gateway.revoke_grant(grant, "owner").await?;
                json!({ "grant": grant })
            }
            Request::ComponentAdd { manifest, wasm, digest } => {
                let change = Change::Add { manifest: &manifest, wasm: &wasm, digest };
                self.change_components(change).await?
            }
            Request::SkillSwitch { skill, key, enabled } => {
                let detail = json!({ "key": key });
                self.recorded(skill::action(enabled), &skill, detail, || skill::set(&self.folder, &key, enabled)).await?;
                Value::Null
            }
            Request::ComponentEnable { name } => self.change_components(Change::Enable(&name)).await?,
            Request::ComponentDisable { name } => self.change_components(Change::Disable(&name)).await?,
            Request::ComponentRemove { name } => {
                let mut answer = self.change_components(Change::Remove(&name)).await?;
                let held = json!(self.keys.held(&name).await?);
                answer.as_object_mut().map(|answer| answer.insert("credentials".into(), held));
                answer
            }
            Request::ComponentReload => self.reloaded().await?,
        })
    }

    async fn change_components(&self, change: Change<'_>) -> anyhow::Result<Value> {
        let name = change.name()?;
        // A bundled one rests in memory alone: nothing of it is in the folder of those that were added.
        let is_released = matches!(change, Change::Enable(name) if self.tooling.is_quarantined(name));
        if !is_released {
            change.check(self.tooling.shelf(), &self.keys.uses(), Some(&self.keys.config))?;
        }
        self.recorded(change.action(), &name, change.detail(), || match change {
            Change::Enable(name) if is_released => {
                self.tooling.release(name);
                Ok(())
            }
            _ => change.make(self.tooling.shelf().added()),
        })
        .await?;
        self.reloaded().await.context("the change is kept")
    }

    /// A component crashed again and again: it is called no more, and the owner is told where components are listed.
    pub(super) async fn quarantine(&self, component: &str, why: &str) -> anyhow::Result<()> {
        tracing::warn!(component, why, "a component is taken out of use");
        let detail = json!({ "reason": why });
        self.recorded("component-quarantined", component, detail, || self.tooling.quarantine(component, why)).await?;
        self.reloaded().await.map(drop)
    }

    /// Records a change of the components, makes it, and records where that failed.
    async fn recorded(&self, action: &str, name: &str, detail: Value, change: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        self.record(action, name, detail.clone()).await?;
        let changed = tokio::task::block_in_place(change);
        if changed.is_err() {
            self.record(&format!("{action}-failed"), name, detail).await?;
        }
        changed
    }

    /// Reads the components anew, and tells which are not in use, and why.
    async fn reloaded(&self) -> anyhow::Result<Value> {
        self.keys.reload_components().await?;
        let resting = self.keys.resting();
        Ok(json!({ "resting": resting, "uses": self.keys.uses() }))
    }

    async fn record(&self, action: &str, subject: &str, detail: Value) -> anyhow::Result<()> {
        Ok(self.gateway.record_system(action, subject, detail).await?)
    }
}
