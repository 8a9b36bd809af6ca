// NestJS on Express: node --import tsx demo/recipes/nestjs.ts, then
// curl -N localhost:3000/events, and beside it curl -X POST localhost:3000/orders
import "reflect-metadata";
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Post,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import type { Request } from "express";
import session from "express-session";
import { createHub, sse, type Hub } from "express-sse-hub";

const HUB = Symbol("hub");
const hub = createHub();

@Injectable()
class Orders {
  readonly #hub: Hub;
  #count = 0;

  constructor(@Inject(HUB) injected: Hub) {
    this.#hub = injected;
  }

  async add(): Promise<{ id: number }> {
    this.#count += 1;
    const order = { id: this.#count };
    await this.#hub.broadcast("order", order);
    return order;
  }
}

// What requireUser() is in Express. After 401, EventSource does not reconnect.
@Injectable()
class UserGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { sse: stream } = context.switchToHttp().getRequest<Request>();
    if ((await stream.identify()) === undefined) throw new UnauthorizedException();
    return true;
  }
}

@Controller()
class OrderController {
  readonly #orders: Orders;

  constructor(@Inject(Orders) orders: Orders) {
    this.#orders = orders;
  }

  // With @Res() Nest leaves the response alone. Without it, Nest answers with what the method returns, and
  // the stream ends at once.
  @Get("events")
  events(@Req() req: Request, @Res() _res: unknown): void {
    req.sse.join();
  }

  @Get("user/events")
  @UseGuards(UserGuard)
  userEvents(@Req() req: Request, @Res() _res: unknown): void {
    req.sse.join();
  }

  @Post("login")
  login(@Req() req: Request): void {
    Object.assign(req.session, { user: { login: "alice" } });
  }

  @Post("orders")
  addOrder(): Promise<{ id: number }> {
    return this.#orders.add();
  }
}

@Module({ controllers: [OrderController], providers: [Orders, { provide: HUB, useValue: hub }] })
class AppModule {}

const app = await NestFactory.create(AppModule);
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub }));
// So that the streams end before the server closes.
process.once("SIGTERM", () => void hub.close().then(() => app.close()));
await app.listen(process.env.PORT ?? 3000);
