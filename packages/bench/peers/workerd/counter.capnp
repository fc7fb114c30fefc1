# Durable Objects of one worker: counters that store nothing, counters that are stored, and alarms. The socket and the folder get
# their places on the command line.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .counters),
    (name = "objects", disk = (writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const counters :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "counters.js")],
  compatibilityDate = "2026-11-01",
  bindings = [
    (name = "MEMORY", durableObjectNamespace = "MemoryCounter"),
    (name = "DURABLE", durableObjectNamespace = "DurableCounter"),
    (name = "SLEEPER", durableObjectNamespace = "Sleeper"),
  ],
  durableObjectNamespaces = [
    # Without it a counter that stores nothing would start again at 0 after ten idle seconds.
    (className = "MemoryCounter", uniqueKey = "memory", preventEviction = true),
    (className = "DurableCounter", uniqueKey = "durable", enableSql = true),
    (className = "Sleeper", uniqueKey = "sleeper", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "objects"),
);
