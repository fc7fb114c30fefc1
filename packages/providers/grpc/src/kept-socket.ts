import type { Socket } from "node:net";
import type { ChannelCredentials } from "@grpc/grpc-js";

/**
 * Shows `keep` the socket of each connection that is made with the credentials. A gRPC channel that
 * is closed while the other side owes it the first answer keeps its connection open for as long as
 * that side does (a stopped process owes it for ever), so whoever gives up a dial has to end the
 * socket itself.
 */
export function keepSocket(
  credentials: ChannelCredentials,
  keep: (socket: Socket) => void,
): ChannelCredentials {
  const create = credentials._createSecureConnector.bind(credentials);
  credentials._createSecureConnector = (target, options, callCredentials) => {
    const connector = create(target, options, callCredentials);
    const connect = connector.connect.bind(connector);
    connector.connect = (socket) => {
      keep(socket);
      return connect(socket);
    };
    return connector;
  };
  return credentials;
}
