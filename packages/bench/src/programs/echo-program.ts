import { startEchoServer } from "../baselines/echo-server.ts";
import { argumentOfStarter, endWithStarter, tellStarter } from "./starter.ts";

await argumentOfStarter();
endWithStarter(async () => undefined);
tellStarter(await startEchoServer());
