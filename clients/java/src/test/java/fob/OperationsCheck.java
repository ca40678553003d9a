// SPDX-License-Identifier: Apache-2.0

package fob;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Period;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Calls every method of the client, on a real fleet, and checks what reached the fleet against
 * openapi.json: each operation, each parameter and each field of a body. It also compares the
 * records with the schemas. It needs no framework: {@code java -ea fob.OperationsCheck openapi.json}.
 */
final class OperationsCheck {
  private static final List<String> METHODS = List.of("get", "put", "post", "patch", "delete");

  /** Parameters that the client does not send, with the reason. */
  private static final Map<String, String> NOT_SENT = Map.of(
      "events Last-Event-ID", "for browsers; after_seq does the same");

  private final Map<?, ?> description;
  private final Set<String> sent = new ConcurrentSkipListSet<>();

  private OperationsCheck(Map<?, ?> description) {
    this.description = description;
  }

  public static void main(String[] args) throws IOException {
    boolean on = false;
    assert on = true;
    if (!on) {
      throw new IllegalStateException("run with -ea");
    }
    OperationsCheck check = new OperationsCheck((Map<?, ?>) Fob.Json.parse(Files.readString(Path.of(args[0]))));
    json();
    check.schemas();
    try (Fob fleet = Fob.start("--world-seed", "7")) {
      HttpServer proxy = check.proxy(fleet.url());
      try {
        Fob fob = Fob.connect("http://127.0.0.1:" + proxy.getAddress().getPort() + "/", fleet.key());
        check.world(fob);
        check.tokens(fob);
        check.hardware(fob);
        check.ports(fob);
        check.snapshots(fob);
        check.problems(fob);
        check.events(fob, fleet);
      } finally {
        proxy.stop(0);
      }
    }
    Set<String> missing = check.wanted();
    missing.removeAll(check.sent);
    missing.removeAll(NOT_SENT.keySet());
    assert missing.isEmpty() : "in openapi.json, and not sent by any method: " + missing;
    System.out.println(check.wanted().size() + " operations, parameters and fields passed, 0 failed");
  }

  private void world(Fob fob) {
    assert fob.health().ok();
    assert fob.worldSeed().equals("7") : fob.worldSeed();
    assert fob.capabilities().eventValues().get("skew").equals("change in ms");
    assert fob.link().url().startsWith("http://");
    Instant start = Instant.parse("2026-01-01T00:00:00Z"); // docs/fleet.md: a manual clock begins then
    assert fob.clock().mode() == Fob.ClockMode.MANUAL && fob.now().equals(start) : fob.clock();
    assert fob.advance(Duration.ofSeconds(90)).now().equals(start.plusSeconds(90));
    assert fob.advanceTo(start.plusSeconds(200)).now().equals(start.plusSeconds(200));
    assert fob.pause().paused();
    assert !fob.resume().paused();
    assert fob.speed(2).rate() == 2;
    Fob.ClockView c = fob.setClock(new Fob.SetClock().mode(Fob.ClockMode.MANUAL).now(start.plusSeconds(86400)));
    assert c.mode() == Fob.ClockMode.MANUAL && !c.now().isBefore(start.plusSeconds(86400)) : c;
  }

  private void tokens(Fob fob) throws IOException {
    Fob.Token token = fob.token(Fob.Lot.ready().crystal("perfect"));
    assert token.serial().equals("ZZFB00000001") && token.state().equals("LOCKED") : token.view();
    assert fob.find(token.serial()).equals(token) && Set.of(token).contains(fob.tokens().get(0));
    assert !token.equals(Fob.connect(fob.url(), fob.key()).find(token.serial())) : "a token of another client";
    fob.advanceToNextStep();
    assert token.code(Duration.ZERO).equals(token.display().text());
    Fob.CodeView code = token.readCode(new Fob.CodeQuery().readOnly(true).realTimeout(Duration.ofMinutes(5)));
    assert code.leftMs() > 0 && code.code().matches("[0-9]{6}") : code;
    String fresh = token.freshCode();
    assert !fresh.equals(token.freshCode());
    assert fob.codes().get(0).code().equals(token.code(Duration.ZERO));

    Fob.OracleView o = token.oracle(token.code(), 1);
    assert o.found() && o.wouldPass() && o.offset() == 0 : o;
    assert token.oracle(fresh, 1, 1440).offset() == -1;

    LocalDate day = LocalDate.of(2027, 12, 31);
    List<Fob.Token> lot = fob.make(Fob.Lot.ready().count(2).name("aged").profile("button-8").crystal("c200")
        .serialKind("vendor13").expiry(day).expiryTo(day).age(Period.ofYears(1)).ageTo(Period.ofYears(2)).ageTemp(30).temp(20));
    assert lot.size() == 2 && lot.get(0).code().length() == 8;
    assert !lot.get(0).equals(lot.get(1));
    assert fob.list(new Fob.Filter().lot("aged").state("locked").model("button-8").serial(lot.get(0).serial())
        .find(lot.get(0).serial().substring(3)).errorAbove(Duration.ZERO).expiresBefore(day.plusDays(1))
        .batteryBelow(1)).size() == 1;
    Fob.Token exact = fob.token(Fob.Lot.blank().ppm(-3.8));
    assert exact.serial() == null && exact.toString().equals(exact.id());
    Fob.Lot many = Fob.Lot.ready().count(1500);
    fob.token(many).remove();
    assert fob.make(many).size() == 1500; // token leaves the lot as it is; an answer has 1000
    assert fob.tokens().size() == 1504;
    assert fob.list(new Fob.Filter().before(1000).limit(3)).size() == 3;
    fob.tokens().subList(3, 1504).forEach(Fob.Token::remove);
    assert fob.tokens().size() == 3;
    assert new String(fob.export("pskc"), StandardCharsets.UTF_8).contains(token.serial());
    assert new String(token.seed("oath-csv"), StandardCharsets.UTF_8).contains(token.serial());
    assert token.otpauth().startsWith("otpauth://totp/" + token.serial() + "?secret=");
    assert token.qr().startsWith("<svg ");
  }

  private void hardware(Fob fob) {
    Fob.Token token = fob.token(Fob.Lot.ready().profile("button-6").crystal("perfect"));
    long presses = token.view().presses();
    assert token.press().presses() == presses + 1;
    token.press(Duration.ofSeconds(5));
    fob.advance(Duration.ofMinutes(2));
    byte[] png = token.png();
    assert png[0] == (byte) 0x89 && png[1] == 'P' && png[2] == 'N' && png[3] == 'G';
    assert token.svg().startsWith("<svg ") : token.svg();
    assert token.skew(Duration.ofSeconds(-95)).errorMs() == -95_000;
    assert token.temperature(40).celsius() == 40;
    assert token.crystal(2.85).ppm() != 0;
    assert token.change(new Fob.Change().celsius(25).ppm(-2.85)).celsius() == 25;
    token.drop();
    Fob.ForecastView f = token.forecast(new Fob.ForecastQuery().by(Period.ofYears(3)).celsius(10).points(2));
    assert f.points().size() == 2 : f;
    Fob.TokenView aged = token.age(Period.ofYears(3), 10);
    assert aged.errorMs().equals(f.errorMs()) && aged.expiry().equals(f.expiry()) : aged + " " + f;
    assert token.age(Period.ofYears(3)).state().equals("EXPIRED"); // they last five years
    Fob.Faults faults = new Fob.Faults().withDead("d0.g").withGhost("d1.a").withPowerCutAt(4_000_000_000L);
    assert token.setFaults(faults).faults().containsAll(List.of("dead", "ghost", "power_cut_at"));
    assert token.faults().equals(faults) : token.faults();
    assert fob.list(new Fob.Filter().fault("any")).size() == 1;
    assert token.setFaults(new Fob.Faults().withFlashFail()).faults().equals(List.of("flash_fail"));
    assert token.clearFaults().faults().isEmpty();
    assert token.removeBattery().state().equals("DEAD") || token.view().display().isBlank() : token.view();
    token.insertBattery();
    assert token.replaceBattery().battery() == 1;
  }

  private void ports(Fob fob) {
    Fob.Token token = fob.token();
    assert token.attach(Fob.PortKind.TCP).addr().startsWith("tcp:127.0.0.1:");
    Fob.Port port = token.attach(Fob.PortKind.RFC2217, 0);
    assert token.ports().size() == 2 && token.ports().get(1).id().equals(port.id());
    assert port.view().addr().equals(port.addr());
    Fob.Line line = new Fob.Line().withDrop(0.25).withFlip(0.125).withTwice(0.5).withInsert(0.0625).withSeed(7)
        .withBaud(9600).withStall(3, Duration.ofSeconds(2)).withUnplugAfter(1000);
    assert port.setFaults(new Fob.LineFaults(line, new Fob.Line().withBaud(1200))).in().baud() == 9600;
    Fob.LineFaults faults = port.faults();
    assert faults.in().twice() == 0.5 && faults.in().stallAt() == 3 && faults.out().baud() == 1200 : faults;
    port.setFaults(faults); // as it was read
    assert port.faults().equals(faults);
    assert port.clearFaults().in().drop() == null;

    assert port.record(true).tapping();
    String echo = "{\"at\":\"2026-01-01T00:00:00Z\",\"from\":\"host\",\"hex\":\"0a\"}\n";
    assert port.replay(echo).items().size() >= 1;
    assert !port.record(false).tapping();
    assert port.view().recorded();
    assert port.wire().contains("\"hex\":\"0a\"") : port.wire();
    assert port.pcapng()[0] == 0x0a; // the block type of a section header
    Fob.Messages messages = port.messages(10);
    assert messages.items().get(0).from() == Fob.Side.HOST && messages.items().get(0).kind() == Fob.MessageKind.NOISE : messages;

    assert port.unplug().addr() == null;
    String again = port.replug().addr();
    port.unplug();
    int number = Integer.parseInt(again.replaceFirst(".*:", ""));
    assert port.replug(number).addr().equals(again);
    port.detach();
    assert token.ports().size() == 1;
  }

  private void snapshots(Fob fob) {
    Fob.Token token = fob.token();
    Fob.Snapshot before = fob.snapshot("before", token);
    assert fob.snapshot("all").view().tokens() == fob.tokens().size();
    assert fob.snapshots().size() == 2 && fob.snapshots(token).size() == 2;
    token.skew(Duration.ofSeconds(10));
    assert before.restore().get(0).errorMs() == 0;
    Fob.Token fork = before.fork().get(0);
    assert fork.serial().equals(token.serial()) && !fork.id().equals(token.id());
    Fob.Snapshot copy = fob.loadSnapshot("copy", before.file());
    assert copy.view().tokens() == 1;
    before.remove();
    assert fob.snapshots(token).size() == 2;
    fork.remove();
  }

  /** Checks the reader of JSON with the examples of RFC 8259, section 13, and the errors of its grammar. */
  private static void json() {
    Map<?, ?> image = map(map(Fob.Json.parse("""
        { "Image": { "Width":  800, "Height": 600, "Title":  "View from 15th Floor",
            "Thumbnail": { "Url": "http://www.example.com/image/481989943", "Height": 125, "Width": 100 },
            "Animated" : false, "IDs": [116, 943, 234, 38793] } }""")).get("Image"));
    assert image.get("Width").equals(800L) && image.get("Animated").equals(false) : image;
    assert image.get("IDs").equals(List.of(116L, 943L, 234L, 38793L)) : image;
    assert map(list(Fob.Json.parse("[{\"Latitude\": 37.7668, \"Zip\": \"94107\"}, {}]")).get(0)).get("Latitude").equals(37.7668);
    assert Fob.Json.parse("\"\\uD834\\uDD1E \\\" \\\\ \\/ \\n\"").equals("\uD834\uDD1E \" \\ / \n"); // section 7
    assert list(Fob.Json.parse(" [ -1.5E+2 , null , true ] ")).size() == 3;
    String text = "{\"a\":[1,2.5,null,true,\"\\u0001\\\"\\\\\"],\"b\":{}}";
    assert Fob.Json.text(Fob.Json.parse(text)).equals(text);
    for (String wrong : List.of("", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "\"", "\"\\", "\"\\u12", "nul", "1 2", "--1", "{1:2}", "]")) {
      try {
        throw new AssertionError(wrong + " is not JSON, and was read as " + Fob.Json.parse(wrong));
      } catch (IllegalArgumentException e) {
        assert e.getMessage().startsWith("reading JSON: want ") : e;
      }
    }
  }

  private void problems(Fob fob) {
    Fob.ProblemException none = refused(() -> fob.find("ZZFB99999999"));
    assert none.status() == 404 && none.code().equals("not_found") && none.detail().contains("ZZFB99999999") : none;
    Fob.ProblemException blank = refused(() -> fob.token(Fob.Lot.blank()).code());
    assert blank.status() == 409 && blank.code().equals("no_code") : blank;
    Fob.ProblemException wrong = refused(() -> fob.advance(Duration.ofSeconds(-1)));
    assert wrong.status() == 422 && wrong.errors().get(0).location().equals("body.by") : wrong.errors();
    assert refused(() -> Fob.connect(fob.url(), "another").now()).code().equals("unauthorized");
    try {
      Fob.connect("http://127.0.0.1:1", "key").now();
      assert false : "nobody listens there";
    } catch (UncheckedIOException e) {
      assert e.getMessage().contains("is fob run still running there?") : e;
    }
  }

  private static Fob.ProblemException refused(Runnable call) {
    try {
      call.run();
    } catch (Fob.ProblemException e) {
      return e;
    }
    throw new AssertionError("the fleet has not refused the request");
  }

  private void events(Fob fob, Fob fleet) {
    Fob.Token token = fob.token();
    long seq = fob.clock().seq();
    token.skew(Duration.ofSeconds(1));
    Fob.Condition c = new Fob.Condition().event("skew").afterSeq(seq).state("locked").display("^[0-9]{6}$")
        .advance().timeout(Duration.ofDays(1)).realTimeout(Duration.ofMinutes(10));
    assert token.await(c).seq() > seq;
    assert fob.advanceToNextEvent().seq() >= seq;
    assert token.events().get(0).event().equals("made");
    assert fob.events(new Fob.EventFilter().token(token.id()).kind("skew", "age")).get(0).value() == 1000;
    Fob.EventPage page = fob.eventPage(new Fob.EventFilter().afterSeq(0).limit(2));
    assert page.events().size() == 2 && page.next() == 2 && page.oldest() == 1 && page.dropped() == 0 : page;
    List<Fob.EventLine> all = fob.events();
    assert all.get(0).seq() == 1 && all.size() == fob.clock().seq() : all.size();

    List<String> kinds = new ArrayList<>();
    try (Stream<Fob.EventLine> live = fob.follow(new Fob.EventFilter().afterSeq(fob.clock().seq()))) {
      token.skew(Duration.ofSeconds(2));
      live.limit(1).forEach(e -> kinds.add(e.event()));
    }
    try (Stream<Fob.EventLine> live = fob.follow(new Fob.EventFilter().afterSeq(fob.clock().seq()))) {
      token.age(Period.ofDays(1));
      live.forEach(e -> { // until the fleet ends
        kinds.add(e.event());
        fleet.close();
      });
    }
    assert kinds.get(0).equals("skew") && kinds.get(1).equals("age") : kinds;
  }

  // What reaches the fleet.

  /** Returns all that openapi.json has: "operation", "operation parameter" and "operation .field". */
  private Set<String> wanted() {
    Set<String> all = new TreeSet<>();
    operations((method, path, op) -> {
      String id = (String) op.get("operationId");
      all.add(id);
      for (Object p : list(op.get("parameters"))) {
        if (!map(p).get("in").equals("path")) {
          all.add(id + " " + map(p).get("name"));
        }
      }
      Object body = at(op, "requestBody", "content", "application/json", "schema", "$ref");
      if (body != null) {
        map(schema((String) body).get("properties")).keySet().forEach(f -> all.add(id + " ." + f));
      }
    });
    assert all.size() > 100 : all;
    return all;
  }

  private interface Visit {
    void operation(String method, String path, Map<?, ?> operation);
  }

  private void operations(Visit visit) {
    map(description.get("paths")).forEach((path, item) -> METHODS.forEach(method -> {
      if (map(item).get(method) != null) {
        visit.operation(method, (String) path, map(map(item).get(method)));
      }
    }));
  }

  /** Forwards requests to a fleet, and notes them. */
  private HttpServer proxy(String to) throws IOException {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool(r -> {
      Thread t = new Thread(r);
      t.setDaemon(true);
      return t;
    }));
    server.createContext("/", exchange -> {
      try (exchange) {
        forward(client, to, exchange);
      }
    });
    server.start();
    return server;
  }

  private void forward(HttpClient client, String to, HttpExchange x) throws IOException {
    byte[] body = x.getRequestBody().readAllBytes();
    HttpRequest.Builder b = HttpRequest.newBuilder(URI.create(to + x.getRequestURI()))
        .method(x.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
    for (String name : List.of("Authorization", "Accept", "Content-Type")) {
      if (x.getRequestHeaders().getFirst(name) != null) {
        b.header(name, x.getRequestHeaders().getFirst(name));
      }
    }
    try {
      HttpResponse<InputStream> answer = client.send(b.build(), HttpResponse.BodyHandlers.ofInputStream());
      if (answer.statusCode() < 300) {
        note(x.getRequestMethod(), x.getRequestURI(), new String(body, StandardCharsets.UTF_8));
      }
      answer.headers().firstValue("Content-Type").ifPresent(type -> x.getResponseHeaders().set("Content-Type", type));
      x.sendResponseHeaders(answer.statusCode(), answer.statusCode() == 204 ? -1 : 0);
      try (InputStream in = answer.body(); OutputStream out = x.getResponseBody()) {
        byte[] part = new byte[8192];
        for (int n; (n = in.read(part)) > 0; ) {
          out.write(part, 0, n);
          out.flush();
        }
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** Notes a request that the fleet has accepted. */
  private void note(String method, URI uri, String body) {
    operations((m, path, op) -> {
      if (!m.equalsIgnoreCase(method) || !uri.getPath().matches(path.replaceAll("\\{[a-z]+}", "[^/]+"))) {
        return;
      }
      String id = (String) op.get("operationId");
      sent.add(id);
      if (uri.getRawQuery() != null) {
        Stream.of(uri.getRawQuery().split("&")).forEach(p -> sent.add(id + " " + p.replaceFirst("=.*", "")));
      }
      if (body.startsWith("{") && at(op, "requestBody", "content", "application/json") != null) {
        map(Fob.Json.parse(body)).keySet().forEach(f -> sent.add(id + " ." + f));
      }
    });
  }

  // Schemas.

  /** Compares the records with the schemas of all answers. */
  private void schemas() {
    int compared = 0;
    Map<String, Class<?>> types = Stream.of(Fob.class.getDeclaredClasses())
        .collect(Collectors.toMap(Class::getSimpleName, c -> c));
    Set<String> requests = new TreeSet<>();
    operations((method, path, op) -> {
      String ref = (String) at(op, "requestBody", "content", "application/json", "schema", "$ref");
      if (ref != null) {
        requests.add(nameOf(ref));
      }
    });
    for (Object name : map(at(description, "components", "schemas")).keySet()) {
      Class<?> type = types.get(name);
      if (type == null || !type.isRecord()) {
        assert requests.contains(name) : "the client has no record " + name;
        continue;
      }
      compare(type, schema((String) name));
      boolean empty = list(schema((String) name).get("required")).isEmpty();
      try {
        Fob.read(type, "{}");
        assert empty : "an empty " + name + " is read";
      } catch (IllegalArgumentException e) {
        assert !empty : e;
      }
      compared++;
    }
    assert compared > 20 : compared;
  }

  private void compare(Class<?> type, Map<?, ?> schema) {
    Map<?, ?> properties = map(schema.get("properties"));
    Set<Object> names = new TreeSet<>();
    for (RecordComponent c : type.getRecordComponents()) {
      String name = Fob.Json.nameOf(c);
      names.add(name);
      Map<?, ?> p = map(properties.get(name));
      assert p != null : type + " has the field " + name + ", and its schema does not";
      boolean there = list(schema.get("required")).contains(name) && !(p.get("type") instanceof List<?>);
      if (!type.getSimpleName().equals("Problem") || !name.equals("code")) { // a new code is no reason to fail
        compare(type.getSimpleName() + "." + name, c.getGenericType(), p, there);
      }
    }
    assert names.equals(new TreeSet<Object>(properties.keySet())) : type + " has " + names + ", its schema " + properties.keySet();
  }

  private void compare(String where, Type type, Map<?, ?> p, boolean there) {
    Object kind = p.get("type") instanceof List<?> l ? l.get(0) : p.get("type");
    String wrong = where + " is a " + type.getTypeName() + ", its schema " + p;
    if (p.get("$ref") != null) {
      assert ((Class<?>) type).getSimpleName().equals(nameOf((String) p.get("$ref"))) : wrong;
    } else if (p.get("enum") != null) {
      Set<Object> constants = Stream.of(((Class<?>) type).getEnumConstants()).map(e -> Fob.Json.nameOf((Enum<?>) e)).collect(Collectors.toSet());
      assert constants.equals(Set.copyOf(list(p.get("enum")))) : wrong;
    } else if (kind.equals("array")) {
      compare(where, ((ParameterizedType) type).getActualTypeArguments()[0], map(p.get("items")), false);
    } else if (kind.equals("object")) {
      compare(where, ((ParameterizedType) type).getActualTypeArguments()[1], map(p.get("additionalProperties")), false);
    } else if (kind.equals("string")) {
      assert type == ("date-time".equals(p.get("format")) ? Instant.class : String.class) : wrong;
    } else if (kind.equals("boolean")) {
      assert type == boolean.class || !there && type == Boolean.class : wrong;
    } else if (kind.equals("integer")) {
      assert type == (there ? long.class : Long.class) : wrong;
    } else {
      assert kind.equals("number") && type == (there ? double.class : Double.class) : wrong;
    }
  }

  private Map<?, ?> schema(String ref) {
    return map(at(description, "components", "schemas", nameOf(ref)));
  }

  private static String nameOf(String ref) {
    return ref.replaceFirst(".*/", "");
  }

  private static Object at(Object in, String... names) {
    for (String name : names) {
      in = in == null ? null : map(in).get(name);
    }
    return in;
  }

  private static Map<?, ?> map(Object v) {
    return (Map<?, ?>) v;
  }

  private static List<?> list(Object v) {
    return v == null ? List.of() : (List<?>) v;
  }
}
