# What the gateway and an adapter process say to each other. `.ci/wire` makes src/wire_capnp.rs of it.
#
# Both ends are the same binary, so nothing here is ever an older form: who changes it counts PROTOCOL_VERSION up, and
# numbers the fields anew. An optional text or struct is absent where its pointer is null. The bounds are in src/limits.rs.

@0x820060b41fbceb11;

# --- The handshake -------------------------------------------------------------------------------------------------

struct Handshake {
  union {
    hello :group {
      version @0 :UInt32;
      adapterId @1 :Text;
      # 32 bytes, as each nonce.
      nonce @2 :Data;
    }
    challenge :group {
      version @3 :UInt32;
      nonce @4 :Data;
      # 64 bytes, as each signature.
      signature @5 :Data;
    }
    proof :group {
      signature @6 :Data;
    }
    welcome :group {
      state @7 :List(State);
    }
    refused :group {
      # A `Refusal`'s code.
      reason @8 :Text;
    }
  }
}

# --- From the adapter ----------------------------------------------------------------------------------------------

struct ToGateway {
  union {
    commit :group {
      id @0 :UInt64;
      inbounds @1 :List(Inbound);
      puts @2 :List(State);
      deletes @3 :List(Text);
    }
    outcome :group {
      # Of the outbound.
      id @4 :UInt64;
      outcome @5 :Outcome;
    }
    health :group {
      state @6 :Text;
      detail @7 :Text;
    }
    log :group {
      level @8 :Text;
      message @9 :Text;
    }
    skipped :group {
      reason @10 :Text;
      body @11 :Data;
    }
    trapped :group {
      reason @12 :Text;
    }
    fatal :group {
      reason @13 :Text;
    }
    confined :group {
      lacking @14 :List(Text);
    }
    beat @15 :Void;
    medium @16 :MediumNews;
  }
}

# --- From the gateway ----------------------------------------------------------------------------------------------

struct ToAdapter {
  union {
    committed :group {
      id @0 :UInt64;
    }
    outbound @1 :Outbound;
    typing :group {
      conversationId @2 :Text;
      active @3 :Bool;
    }
    beat @4 :Void;
    shutdown @5 :Void;
    medium @6 :MediumOrder;
  }
}

# --- What a channel says and is told -------------------------------------------------------------------------------

struct State {
  key @0 :Text;
  value @1 :Data;
}

struct Sender {
  id @0 :Text;
  displayName @1 :Text;
  isBot @2 :Bool;
}

struct Conversation {
  id @0 :Text;
  kind @1 :Text;
  parent @2 :Text;
  title @3 :Text;
}

struct Blob {
  id @0 :Text;
  mediaType @1 :Text;
  name @2 :Text;
  size @3 :UInt64;
}

struct RemoteBlob {
  token @0 :Text;
  mediaType @1 :Text;
  name @2 :Text;
  size :union {
    unknown @3 :Void;
    bytes @4 :UInt64;
  }
}

struct Attachment {
  union {
    stored @0 :Blob;
    remote @1 :RemoteBlob;
  }
}

struct Inbound {
  key @0 :Text;
  conversation @1 :Conversation;
  # Absent only in a notice.
  sender @2 :Sender;
  union {
    message @3 :Message;
    choice :group {
      promptId @4 :Text;
      choiceId @5 :Text;
    }
    notice :group {
      kind @6 :Text;
      detail @7 :Text;
    }
  }
}

struct Message {
  id @0 :Text;
  editOf @1 :Text;
  replyTo @2 :Text;
  text @3 :Text;
  attachments @4 :List(Attachment);
  forwarded @5 :Bool;
  mentionsAgent @6 :Bool;
  sentAt :union {
    unknown @7 :Void;
    millis @8 :UInt64;
  }
}

struct Outbound {
  id @0 :UInt64;
  attempt @1 :UInt32;
  conversationId @2 :Text;
  replyTo @3 :Text;
  content :union {
    text :group {
      shown @4 :List(Text);
      text @5 :Text;
      last @6 :Bool;
    }
    prompt @7 :Prompt;
    promptClosed :group {
      shown @8 :List(Text);
      text @9 :Text;
    }
    attachment @10 :Blob;
  }
}

struct Prompt {
  id @0 :Text;
  title @1 :Text;
  literal @2 :List(Literal);
  choices @3 :List(Choice);
  expiresAtMillis @4 :UInt64;
}

struct Literal {
  label @0 :Text;
  text @1 :Text;
}

struct Choice {
  id @0 :Text;
  label @1 :Text;
  style @2 :Text;
}

struct Outcome {
  union {
    delivered @0 :List(Text);
    failed @1 :Failure;
    inDoubt @2 :Text;
    # Milliseconds.
    later @3 :UInt64;
  }
}

struct Failure {
  kind @0 :Text;
  sent @1 :Bool;
  message @2 :Text;
}

# A file that came with a message, by a number of the gateway's.
struct MediumOrder {
  id @0 :UInt64;
  union {
    wanted :group {
      token @1 :Text;
      # In bytes, as the credit.
      most @2 :UInt64;
    }
    credit @3 :UInt32;
    kept @4 :Blob;
    dropped @5 :Void;
  }
}

struct MediumNews {
  id @0 :UInt64;
  union {
    begun :union {
      unknown @1 :Void;
      bytes @2 :UInt64;
    }
    piece @3 :Data;
    ended @4 :Void;
    # Why.
    failed @5 :Text;
  }
}

# --- What a child is started with ----------------------------------------------------------------------------------

struct Boot {
  account @0 :Text;
  component @1 :Text;
  # component.toml
  manifest @2 :Text;
  # A JSON object.
  settings @3 :Text;
  credentials @4 :List(Credential);
  # 32 bytes, as the key.
  seed @5 :Data;
  gatewayKey @6 :Data;
  socket @7 :Text;
  requireSandbox @8 :Bool;
  # How any address is reached.
  network @9 :Network;
}

struct Network {
  # Certificates of the owner's own authorities, as DER.
  roots @0 :List(Data);
  # Null for none, as the two below.
  proxy @1 :Text;
  proxyUser @2 :Text;
  proxyPassword @3 :Credential;
}

struct Credential {
  name @0 :Text;
  origins @1 :List(Text);
  # As typed: `bearer`, `header X-Key` …
  places @2 :List(Text);
  secret @3 :Data;
}
