// SPDX-License-Identifier: Apache-2.0

package fob;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.TemporalAmount;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A fleet of emulated one-time-password tokens, for the tests of a server. {@link #open} starts
 * {@code fob run}, or uses the fleet that the variables FOB_URL and FOB_API_KEY name.
 *
 * <pre>{@code
 * try (Fob fob = Fob.open()) {
 *   Fob.Token token = fob.token();
 *   assertTrue(bank.login("alice", token.code()));
 * }
 * }</pre>
 *
 * <p>The world's clock stands still until the test moves it, unless the flags of {@code fob run}
 * say otherwise. A request that waits, such as {@link Token#await}, waits in the fleet.
 *
 * <p>All methods may be called from several threads. A request that the fleet refuses throws a
 * {@link ProblemException}, and a fleet that does not answer, or not as a fleet does, an {@link
 * UncheckedIOException}. A request has two minutes, or as long as it may wait and two minutes more.
 * An answer has 64 MiB at most. The records are the schemas of the fleet's {@code /openapi.json}, which describes every field. A
 * field that the answer leaves out is null, and an empty list if it is a list.
 */
public final class Fob implements AutoCloseable {
  /** How long {@link Token#code()} and {@link Token#freshCode} leave to use the code. */
  public static final Duration USUAL_REMAINING = Duration.ofSeconds(5);

  private static final String JSON = "application/json";
  private static final String FILE = "application/octet-stream";
  private static final String LINES = "application/x-ndjson";

  private static final int MAX_ANSWER = 64 << 20; // bytes, and of one line of a stream
  private static final Duration MAX_WAIT = Duration.ofDays(3650);

  private final String url;
  private final String key;
  private final HttpClient http;
  private final Program program; // null: it was running before
  private final Duration limit; // of a request, besides what it waits in the fleet

  private Fob(String url, String key, Program program) {
    this(url, key, program, Duration.ofMinutes(2));
  }

  Fob(String url, String key, Program program, Duration limit) {
    this.limit = limit;
    this.url = checkedUrl(url);
    this.key = checkedKey(key);
    this.program = program;
    // The default of HTTP/2 would send an upgrade with each request.
    HttpClient.Builder b = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(30));
    String authorities = System.getenv("FOB_CACERT");
    if (authorities != null && !authorities.isEmpty() && url.toLowerCase(Locale.ROOT).startsWith("https:")) {
      b.sslContext(trusting(Path.of(authorities)));
    }
    http = b.build();
  }

  /** Returns the URL without the last slash. No error repeats it: it may have a password. */
  private static String checkedUrl(String url) {
    URI u = null;
    try {
      u = new URI(url == null ? "" : url);
    } catch (URISyntaxException e) {
      // Its message has the URL.
    }
    String scheme = u == null || u.getScheme() == null ? "" : u.getScheme().toLowerCase(Locale.ROOT);
    if (!Set.of("http", "https").contains(scheme) || u.getHost() == null || u.getRawUserInfo() != null
        || !u.getRawPath().matches("/*") || u.getRawQuery() != null || u.getRawFragment() != null || u.getPort() > 65535) {
      throw new IllegalArgumentException("the URL of the fleet is not valid: want one like http://127.0.0.1:8080");
    }
    if (scheme.equals("http") && !isLoopback(u.getHost())) {
      throw new IllegalArgumentException(u.getHost() + " is not a loopback address, and the API key is a secret: use https");
    }
    return url.replaceFirst("/+$", "");
  }

  private static boolean isLoopback(String host) {
    try { // an address in brackets is not looked up
      return host.equals("localhost") || host.matches("127(\\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}")
          || host.startsWith("[") && InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Returns the key. An error of the JDK would repeat one that cannot be in a header. */
  private static String checkedKey(String key) {
    if (key == null || !key.matches("[!-~]+")) {
      throw new IllegalArgumentException("the API key of the fleet is not valid: copy it from the ready line of fob run");
    }
    return key;
  }

  // Starting and ending.

  /**
   * Returns the fleet that FOB_URL and FOB_API_KEY name. Without FOB_URL, starts one as {@link
   * #start} does.
   */
  public static Fob open(String... flags) {
    String url = System.getenv("FOB_URL");
    if (url == null || url.isEmpty()) {
      return start(flags);
    }
    String key = System.getenv("FOB_API_KEY");
    if (key == null || key.isEmpty()) {
      throw new IllegalStateException("FOB_URL is set and FOB_API_KEY is not: the key is in the ready line of fob run");
    }
    return connect(url, key);
  }

  /** Returns the fleet at a URL. Closing it does not end that fleet. */
  public static Fob connect(String url, String key) {
    return new Fob(url, key, null);
  }

  /**
   * Starts a fleet, and ends it when it is closed. The flags are those of {@code fob run}, such as
   * {@code "--clock", "real"}. By default the fleet is empty, its clock is manual, and seeds may be
   * exported. The program is the one that FOB_COMMAND names, or {@code fob} on the PATH. The world
   * seed comes from FOB_WORLD_SEED if it is set and the flags have none.
   */
  public static Fob start(String... flags) {
    Program program = new Program(flags);
    try {
      Ready ready = program.ready();
      return new Fob(ready.url(), ready.apiKey(), program);
    } catch (RuntimeException | Error e) {
      program.end(10); // it may not be a fob run, which ends with its input
      throw e;
    }
  }

  /** Ends a fleet that {@link #start} has started. It does nothing to one that ran before. */
  @Override
  public void close() {
    if (program != null) {
      program.end(60);
    }
  }

  /** Reports whether the same start with FOB_WORLD_SEED gives the same tokens. */
  boolean takesWorldSeed() {
    return program != null && program.takesWorldSeed;
  }

  /** Returns the URL of the fleet's API, for other programs that use it. */
  public String url() {
    return url;
  }

  /** Returns the API key, for other programs that use the fleet. It is a secret. */
  public String key() {
    return key;
  }

  // The world.

  /** Returns what this fleet can do. */
  public Capabilities capabilities() {
    return get(Capabilities.class, "/v1/capabilities");
  }

  /** Returns the seed of everything random. The same seed and the same calls give the same tokens. */
  public String worldSeed() {
    return capabilities().worldSeed();
  }

  /** Checks that the fleet answers. It throws an exception if the fleet is about to end. */
  public Health health() {
    return get(Health.class, "/v1/healthz");
  }

  /** Makes a link that opens the fleet's page in a browser, once. */
  public Link link() {
    return post(Link.class, null, "/v1/links");
  }

  /** Returns the world's clock. */
  public ClockView clock() {
    return get(ClockView.class, "/v1/time");
  }

  /** Returns the world's time. */
  public Instant now() {
    return clock().now();
  }

  /** Moves the clock forward, with all that happens on the way. Ten years take no longer than ten seconds. */
  public ClockView advance(TemporalAmount by) {
    return post(ClockView.class, Map.of("by", period(by)), "/v1/time/advance");
  }

  /** Moves the clock forward to an instant. */
  public ClockView advanceTo(Instant to) {
    return post(ClockView.class, Map.of("to", to.toString()), "/v1/time/advance");
  }

  /** Moves the clock forward to the next time step of the first token. */
  public ClockView advanceToNextStep() {
    return post(ClockView.class, Map.of("until", "next_step"), "/v1/time/advance");
  }

  /** Moves the clock forward to the next event of any token. */
  public ClockView advanceToNextEvent() {
    return post(ClockView.class, Map.of("until", "event"), "/v1/time/advance");
  }

  /** Changes how the clock runs. */
  public ClockView setClock(SetClock clock) {
    return send(ClockView.class, "PUT", clock.fields, "/v1/time");
  }

  /** Stops the clock. */
  public ClockView pause() {
    return setClock(new SetClock().paused(true));
  }

  /** Lets a clock run again that was stopped. */
  public ClockView resume() {
    return setClock(new SetClock().paused(false));
  }

  /** Lets the clock run, that many times as fast as the machine's. */
  public ClockView speed(double rate) {
    return setClock(new SetClock().mode(ClockMode.SCALED).rate(rate));
  }

  // Tokens.

  /** Makes a token that is provisioned and locked, with a serial number for test tokens. */
  public Token token() {
    return token(Lot.ready());
  }

  /** Makes one token as the lot describes it. */
  public Token token(Lot lot) {
    return make(new Lot().with(lot).count(1)).get(0);
  }

  /** Makes the tokens of a lot: all or none. */
  public List<Token> make(Lot lot) {
    ListOfTokenView made = post(ListOfTokenView.class, lot.fields, "/v1/tokens");
    List<TokenView> all = new ArrayList<>(made.items());
    if (made.next() != null) { // the answer has the first of them only
      all.addAll(list(new Filter().lot(all.get(0).lot()).set("after", made.next())));
    }
    return all.stream().map(this::handle).toList();
  }

  /** Returns all tokens, in the order in which they were made. */
  public List<Token> tokens() {
    return list(new Filter()).stream().map(this::handle).toList();
  }

  /** Returns the tokens that the filter lets pass, with what they are like now. */
  public List<TokenView> list(Filter filter) {
    List<TokenView> found = new ArrayList<>();
    Filter page = new Filter().with(filter);
    boolean all = page.fields.putIfAbsent("limit", 1000) == null;
    for (; ; ) {
      ListOfTokenView got = get(ListOfTokenView.class, "/v1/tokens" + query(page.fields));
      found.addAll(got.items());
      if (!all || got.next() == null) {
        return found;
      }
      page.set("after", got.next());
    }
  }

  /** Returns the token with a serial number or a hardware id. */
  public Token find(String name) {
    return handle(get(TokenView.class, path("/v1/tokens/{}", name)));
  }

  /** Returns the codes that all tokens show now. Dark displays are left out. No button is pressed. */
  public List<CodeLine> codes() {
    return text("/v1/codes", LINES).lines().map(line -> answer(CodeLine.class, line)).toList();
  }

  /** Returns a seed file of all tokens that have a seed. {@code fob seeds} describes the formats, such as pskc. */
  public byte[] export(String format) {
    return bytes("GET", null, null, "/v1/export" + query(Map.of("format", format)), FILE);
  }

  private Token handle(TokenView v) {
    return new Token(v.hardwareId(), v.serial());
  }

  // Events.

  /** Returns all events that the log still has. It keeps the newest 100,000. */
  public List<EventLine> events() {
    return events(new EventFilter());
  }

  /** Returns the events that the filter lets pass, oldest first. */
  public List<EventLine> events(EventFilter filter) {
    List<EventLine> found = new ArrayList<>();
    EventFilter page = new EventFilter().with(filter);
    boolean all = page.fields.putIfAbsent("limit", 10_000) == null;
    for (; ; ) {
      EventPage got = eventPage(page);
      found.addAll(got.events());
      if (!all || got.next() >= got.seq()) {
        return found;
      }
      page.afterSeq(got.next());
    }
  }

  /** Returns one page of events, and how many older ones are no longer kept. */
  public EventPage eventPage(EventFilter filter) {
    return get(EventPage.class, "/v1/events" + query(filter.fields));
  }

  /**
   * Returns the events as they happen, without a limit. The stream ends with the fleet. Close it, or
   * the connection stays open.
   */
  public Stream<EventLine> follow(EventFilter filter) {
    HttpRequest r = request("GET", null, null, "/v1/events" + query(filter.fields), "text/event-stream");
    InputStream in = exchange(r, Duration.ZERO,
        head -> head.statusCode() < 300
            ? BodySubscribers.mapping(BodySubscribers.ofInputStream(), ShortLines::new)
            : BodySubscribers.mapping(new Limited(), ByteArrayInputStream::new),
        refusal -> new String(((ByteArrayInputStream) refusal).readAllBytes(), StandardCharsets.UTF_8));
    Stream<String> lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).lines();
    String[] kind = {""}; // the data line of an event without a kind is an EventLine
    return lines.takeWhile(line -> !line.equals("event: end")).<EventLine>mapMulti((line, out) -> {
      if (line.startsWith("event:")) {
        kind[0] = line;
      } else if (line.isEmpty()) {
        kind[0] = "";
      } else if (line.startsWith("data:") && kind[0].isEmpty()) {
        out.accept(answer(EventLine.class, line.substring("data:".length())));
      }
    }).onClose(() -> quietly(in::close)); // the reader's close would wait for the next line
  }

  // Snapshots.

  /** Keeps the state of tokens under a name; of all tokens if none are given. */
  public Snapshot snapshot(String name, Token... tokens) {
    Map<String, Object> body = new LinkedHashMap<>(Map.of("name", name));
    if (tokens.length > 0) {
      body.put("tokens", Stream.of(tokens).map(Token::id).toList());
    }
    return new Snapshot(post(SnapshotView.class, body, "/v1/snapshots"));
  }

  /** Keeps the snapshot of a file, of a fleet with the same world seed. */
  public Snapshot loadSnapshot(String name, byte[] file) {
    return new Snapshot(answer(SnapshotView.class, bytes("PUT", file, FILE, path("/v1/snapshots/{}", name), JSON)));
  }

  /** Returns the snapshots. */
  public List<Snapshot> snapshots() {
    return snapshots(Map.of());
  }

  /** Returns the snapshots that contain a token. */
  public List<Snapshot> snapshots(Token token) {
    return snapshots(Map.of("token", token.id()));
  }

  private List<Snapshot> snapshots(Map<String, Object> of) {
    return get(ListOfSnapshotView.class, "/v1/snapshots" + query(of)).items().stream().map(Snapshot::new).toList();
  }

  /** A token of the fleet. Its name is its hardware id, because a fork has the same serial number. */
  public final class Token {
    private final String id;
    private final String serial;

    private Token(String id, String serial) {
      this.id = id;
      this.serial = serial;
    }

    /** Returns the hardware id, 16 hexadecimal digits. */
    public String id() {
      return id;
    }

    /** Returns the serial number, or null for a token that was blank when it was made or found. */
    public String serial() {
      return serial;
    }

    /** Returns everything about the token at one instant. */
    public TokenView view() {
      return get(TokenView.class, at(""));
    }

    /** Returns the stage of its life cycle, such as LOCKED or EXPIRED. */
    public String state() {
      return view().state();
    }

    /**
     * Returns the code on the display, which lasts at least {@link #USUAL_REMAINING} longer. A token
     * with a button is pressed if its display is off. A manual clock is advanced if necessary;
     * otherwise the call waits for the next step.
     */
    public String code() {
      return code(USUAL_REMAINING);
    }

    /** Returns a code that lasts at least that much longer. With zero, it is the present one. */
    public String code(Duration minRemaining) {
      return readCode(new CodeQuery().minRemaining(minRemaining)).code();
    }

    /** Is {@link #code()} for a code that it has not returned before: a server accepts each code once. */
    public String freshCode() {
      return readCode(new CodeQuery().fresh(true).minRemaining(USUAL_REMAINING)).code();
    }

    /** Returns a code, with its time step and how long it lasts. */
    public CodeView readCode(CodeQuery query) {
      return get(CodeView.class, at("/code") + query(query.fields), query.wait(Duration.ofMinutes(2)));
    }

    /** Clicks the button. A press while the display is on turns it off. */
    public TokenView press() {
      return act("/press", Map.of());
    }

    /** Holds the button down for that long, in the world's time. It returns at once. */
    public TokenView press(TemporalAmount hold) {
      return act("/press", Map.of("hold", period(hold)));
    }

    /** Returns the display, segment by segment. */
    public DisplayView display() {
      return get(DisplayView.class, at("/display"));
    }

    /** Returns the display as a PNG picture. */
    public byte[] png() {
      return bytes("GET", null, null, at("/display"), "image/png");
    }

    /** Returns the display as an SVG picture. */
    public String svg() {
      return Fob.this.text(at("/display"), "image/svg+xml");
    }

    /** Makes the token older, at 25 °C, while the world's clock stays. */
    public TokenView age(TemporalAmount by) {
      return act("/age", Map.of("by", period(by)));
    }

    /** Makes the token older at a temperature, while the world's clock stays. */
    public TokenView age(TemporalAmount by, double celsius) {
      return act("/age", Map.of("by", period(by), "celsius", celsius));
    }

    /** Returns what the token would show if it were older. It does not change. */
    public ForecastView forecast(ForecastQuery query) {
      return get(ForecastView.class, at("/forecast") + query(query.fields));
    }

    /** Moves the token's clock, backwards if the duration is negative. */
    public TokenView skew(Duration by) {
      return act("/skew", Map.of("by", period(by)));
    }

    /** Takes the battery out. */
    public TokenView removeBattery() {
      return act("/battery", Map.of("do", "remove"));
    }

    /** Puts a battery in. */
    public TokenView insertBattery() {
      return act("/battery", Map.of("do", "insert"));
    }

    /** Replaces the battery with a new one. */
    public TokenView replaceBattery() {
      return act("/battery", Map.of("do", "replace"));
    }

    /** Changes the temperature around the token, in °C. */
    public TokenView temperature(double celsius) {
      return act("/temperature", Map.of("celsius", celsius));
    }

    /** Trims the crystal: its error at 25 °C, in parts per million. */
    public TokenView crystal(double ppm) {
      return act("/crystal", Map.of("ppm", ppm));
    }

    /** Changes several properties of the hardware at once. */
    public TokenView change(Change change) {
      return send(TokenView.class, "PATCH", change.fields, at(""));
    }

    /** Lets the token fall on the floor. */
    public TokenView drop() {
      return act("/drop", null);
    }

    /** Returns the faults of the display and the flash. */
    public Faults faults() {
      return get(Faults.class, at("/faults"));
    }

    /** Replaces the faults of the display and the flash. */
    public TokenView setFaults(Faults faults) {
      return send(TokenView.class, "PUT", plain(faults), at("/faults"));
    }

    /** Mends the display, and disarms faults of the flash. */
    public TokenView clearFaults() {
      return send(TokenView.class, "DELETE", null, at("/faults"));
    }

    /** Waits until all that the condition gives holds at one time. The fleet does the waiting. */
    public TokenView await(Condition condition) {
      return get(TokenView.class, at("/wait") + query(condition.fields), condition.wait(Duration.ofMinutes(1)));
    }

    /** Finds the time step of a code, and whether a server that accepts window steps each way would accept it. */
    public OracleView oracle(String code, int window) {
      return post(OracleView.class, Map.of("token", id, "code", code, "window", window), "/v1/oracle");
    }

    /** Is {@link #oracle(String, int)} for codes that are up to search steps away; 1440 by default. */
    public OracleView oracle(String code, int window, int search) {
      return post(OracleView.class, Map.of("token", id, "code", code, "window", window, "search", search), "/v1/oracle");
    }

    /** Returns the events of the token, oldest first. */
    public List<EventLine> events() {
      return Fob.this.events(new EventFilter().token(id));
    }

    /** Returns the seed file of the token, for the import into the server under test. */
    public byte[] seed(String format) {
      return bytes("GET", null, null, "/v1/export" + query(Map.of("token", id, "format", format)), FILE);
    }

    /** Returns the otpauth URI, which contains the seed. */
    public String otpauth() {
      return new String(seed("otpauth"), StandardCharsets.UTF_8).strip();
    }

    /** Returns the otpauth URI as a QR code, an SVG picture. */
    public String qr() {
      return Fob.this.text(at("/qr"), "image/svg+xml");
    }

    /** Attaches a serial port to the token. */
    public Port attach(PortKind as) {
      return new Port(post(PortView.class, Map.of("as", as), at("/ports")));
    }

    /** Attaches a port with a port number, for TCP and RFC 2217. */
    public Port attach(PortKind as, int port) {
      return new Port(post(PortView.class, Map.of("as", as, "port", port), at("/ports")));
    }

    /** Returns the ports of the token. */
    public List<Port> ports() {
      return get(ListOfPortView.class, at("/ports")).items().stream().map(v -> new Port(v)).toList();
    }

    /** Removes the token and its ports from the fleet. */
    public void remove() {
      bytes("DELETE", null, null, at(""), JSON);
    }

    private String at(String operation) {
      return path("/v1/tokens/{}", id) + operation;
    }

    private TokenView act(String operation, Object body) {
      return post(TokenView.class, body, at(operation));
    }

    private Fob fleet() {
      return Fob.this;
    }

    /** Reports whether the other one is the same token of the same fleet. */
    @Override
    public boolean equals(Object other) {
      return other instanceof Token t && t.fleet() == fleet() && t.id.equals(id);
    }

    @Override
    public int hashCode() {
      return id.hashCode();
    }

    @Override
    public String toString() {
      return serial == null ? id : serial;
    }
  }

  /** A serial port of a token. */
  public final class Port {
    private final String id;
    private final String addr;

    private Port(PortView v) {
      id = v.id();
      addr = v.addr();
    }

    /** Returns the name of the port in the fleet. */
    public String id() {
      return id;
    }

    /** Returns the address at which it was found, for {@code fob device --port}; null if it was unplugged. */
    public String addr() {
      return addr;
    }

    /** Returns everything about the port. Its address changes when it is plugged in again. */
    public PortView view() {
      return get(PortView.class, at(""));
    }

    /** Removes the port. */
    public void detach() {
      bytes("DELETE", null, null, at(""), JSON);
    }

    /** Pulls the cable out. */
    public PortView unplug() {
      return post(PortView.class, null, at("/unplug"));
    }

    /** Plugs the cable in again. */
    public PortView replug() {
      return post(PortView.class, Map.of(), at("/replug"));
    }

    /** Plugs the cable in again, with another port number. */
    public PortView replug(int port) {
      return post(PortView.class, Map.of("port", port), at("/replug"));
    }

    /** Returns the faults of the line. */
    public LineFaults faults() {
      return get(LineFaults.class, at("/faults"));
    }

    /** Replaces the faults of the line. */
    public PortView setFaults(LineFaults faults) {
      return send(PortView.class, "PUT", plain(faults), at("/faults"));
    }

    /** Mends the line. */
    public PortView clearFaults() {
      return send(PortView.class, "DELETE", null, at("/faults"));
    }

    /** Begins a new recording of the bytes on the line, or ends it. */
    public PortView record(boolean on) {
      return send(PortView.class, "PUT", Map.of("on", on), at("/wire"));
    }

    /** Returns the recording as JSON lines. */
    public String wire() {
      return Fob.this.text(at("/wire") + query(Map.of("format", "jsonl")), LINES);
    }

    /** Returns the recording as a file for Wireshark. */
    public byte[] pcapng() {
      return bytes("GET", null, null, at("/wire") + query(Map.of("format", "pcapng")), FILE);
    }

    /** Returns the newest messages of the recording. Secrets are not shown. */
    public Messages messages(int last) {
      return get(Messages.class, at("/wire") + query(Map.of("format", "messages", "last", last)));
    }

    /** Sends the host's half of a recording to the token, and returns what the token sent. */
    public Replayed replay(String wire) {
      return answer(Replayed.class, bytes("POST", wire.getBytes(StandardCharsets.UTF_8), LINES, at("/wire/replay"), JSON));
    }

    private String at(String operation) {
      return path("/v1/ports/{}", id) + operation;
    }
  }

  /** The state of tokens that the fleet keeps under a name. */
  public final class Snapshot {
    private final SnapshotView view;

    private Snapshot(SnapshotView view) {
      this.view = view;
    }

    /** Returns its name, time and size. */
    public SnapshotView view() {
      return view;
    }

    /** Resets the tokens to the snapshot. The world's clock does not go back. */
    public List<TokenView> restore() {
      return post(ListOfTokenView.class, null, at() + "/restore").items();
    }

    /** Adds a new token for each in the snapshot, with the same serial number and seed. */
    public List<Token> fork() {
      return post(ListOfTokenView.class, null, at() + "/fork").items().stream().map(Fob.this::handle).toList();
    }

    /** Returns the snapshot as a file, which contains the seeds. */
    public byte[] file() {
      return bytes("GET", null, null, at(), FILE);
    }

    /** Forgets the snapshot. */
    public void remove() {
      bytes("DELETE", null, null, at(), JSON);
    }

    private String at() {
      return path("/v1/snapshots/{}", view.name());
    }
  }

  // Requests. A field that is not set has the fleet's default.

  /** The fields of a request that are set. */
  private abstract static class Fields<T> {
    final Map<String, Object> fields = new LinkedHashMap<>();

    @SuppressWarnings("unchecked")
    final T set(String name, Object value) {
      fields.put(name, value);
      return (T) this;
    }

    /** Returns how long the request may wait in the fleet. */
    final Duration wait(Duration usual) {
      String given = (String) fields.get("real_timeout");
      Duration wait = given == null ? usual : Duration.parse(given);
      return wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait.isNegative() ? Duration.ZERO : wait;
    }

    /** Sets the fields of another request too, which stays as it is. */
    @SuppressWarnings("unchecked")
    final T with(Fields<T> other) {
      fields.putAll(other.fields);
      return (T) this;
    }
  }

  /** A description of tokens to make. */
  public static final class Lot extends Fields<Lot> {
    private Lot() {}

    /** Tokens that are provisioned and locked, with serial numbers for test tokens. */
    public static Lot ready() {
      return new Lot().set("ready", true);
    }

    /** Tokens that are blank, for a test of provisioning. */
    public static Lot blank() {
      return new Lot();
    }

    /** How many tokens. */
    public Lot count(int count) { return set("count", count); }

    /** A name by which its tokens can be listed. */
    public Lot name(String name) { return set("name", name); }

    /** The hardware and its profile: always-on-6, button-6 or button-8. */
    public Lot profile(String profile) { return set("profile", profile); }

    /** The kind of crystal: model, perfect, good, c200 or untrimmed. */
    public Lot crystal(String crystal) { return set("crystal", crystal); }

    /**
     * The error of the crystal at 25 °C in parts per million: 3.8 is two minutes a year. It changes
     * with age, unless the crystal is perfect otherwise: {@code crystal("perfect").ppm(3.8)}.
     */
    public Lot ppm(double ppm) { return set("ppm", ppm); }

    /** The form of the serial numbers: oath, vendor13, vendor9 or other. */
    public Lot serialKind(String kind) { return set("serial_kind", kind); }

    /** The last day of validity, or the first day of a range. */
    public Lot expiry(LocalDate day) { return set("expiry", day); }

    /** The last day of that range. */
    public Lot expiryTo(LocalDate day) { return set("expiry_to", day); }

    /** How old the tokens are, or the least of a range. */
    public Lot age(TemporalAmount age) { return set("age", period(age)); }

    /** The most of that range. */
    public Lot ageTo(TemporalAmount age) { return set("age_to", period(age)); }

    /** The temperature in °C at which they became old. */
    public Lot ageTemp(double celsius) { return set("age_temp", celsius); }

    /** The temperature in °C at which they are now. */
    public Lot temp(double celsius) { return set("temp", celsius); }
  }

  /** Selects tokens. All that is given must hold. */
  public static final class Filter extends Fields<Filter> {
    /** Selects all tokens. */
    public Filter() {}

    /** The stage of the life cycle, such as LOCKED. */
    public Filter state(String state) { return set("state", state); }

    /** The name or number of the lot. */
    public Filter lot(String lot) { return set("lot", lot); }

    /** A kind of fault, or any. */
    public Filter fault(String kind) { return set("fault", kind); }

    /** The model of the hardware. */
    public Filter model(String model) { return set("model", model); }

    /** The beginning of the serial number. */
    public Filter serial(String beginning) { return set("serial", beginning); }

    /** A part of the serial number. */
    public Filter find(String part) { return set("find", part); }

    /** Tokens that expire before this day. */
    public Filter expiresBefore(LocalDate day) { return set("expires_before", day); }

    /** Tokens with less than this share of the battery's capacity left. */
    public Filter batteryBelow(double share) { return set("battery_below", share); }

    /** Tokens whose clock is off by more than this, in either direction. */
    public Filter errorAbove(TemporalAmount error) { return set("error_above", period(error)); }

    /** The last tokens whose tag is smaller than this. */
    public Filter before(long tag) { return set("before", tag); }

    /** At most that many tokens; by default all. */
    public Filter limit(int tokens) { return set("limit", tokens); }
  }

  /** Selects events. */
  public static final class EventFilter extends Fields<EventFilter> {
    /** Selects all events. */
    public EventFilter() {}

    /** Only events after this number, which the seq of an answer gives. */
    public EventFilter afterSeq(long seq) { return set("after_seq", seq); }

    /** At most that many events; by default all. A stream has no limit. */
    public EventFilter limit(int events) { return set("limit", events); }

    /** Only events of the token with a serial number or a hardware id. */
    public EventFilter token(String name) { return set("token", name); }

    /** Only events of these kinds, such as press and state. */
    public EventFilter kind(String... kinds) { return set("kind", List.of(kinds)); }
  }

  /** Selects a code. */
  public static final class CodeQuery extends Fields<CodeQuery> {
    /** Selects the present code. */
    public CodeQuery() {}

    /** The code must last that much longer. */
    public CodeQuery minRemaining(Duration d) { return set("min_remaining", period(d)); }

    /** The code must not have been returned as fresh before. */
    public CodeQuery fresh(boolean fresh) { return set("fresh", fresh); }

    /** Whether the fleet stays as it is: no button is pressed and no clock is advanced. Not for a fresh code. */
    public CodeQuery readOnly(boolean readOnly) { return set("read_only", readOnly); }

    /** How long the answer may wait, by the machine's clock; two minutes by default. */
    public CodeQuery realTimeout(Duration d) { return set("real_timeout", period(d)); }
  }

  /** What {@link Token#await} waits for. All that is given must hold at one time. */
  public static final class Condition extends Fields<Condition> {
    /** Has nothing to wait for yet. */
    public Condition() {}

    /** A regular expression (RE2) that matches the text of the display. */
    public Condition display(String regexp) { return set("display", regexp); }

    /** The stage of the life cycle, such as EXPIRED. */
    public Condition state(String state) { return set("state", state); }

    /** A kind of event, such as display-off. */
    public Condition event(String kind) { return set("event", kind); }

    /** Only events after this number; by default those after the request. */
    public Condition afterSeq(long seq) { return set("after_seq", seq); }

    /** Moves a manual clock to the first instant at which the condition holds. */
    public Condition advance() { return set("advance", true); }

    /** How long to wait, in the world's time; no limit by default. */
    public Condition timeout(TemporalAmount d) { return set("timeout", period(d)); }

    /** How long to wait, by the machine's clock; a minute by default. */
    public Condition realTimeout(Duration d) { return set("real_timeout", period(d)); }
  }

  /** What {@link Token#forecast} looks at. */
  public static final class ForecastQuery extends Fields<ForecastQuery> {
    /** Looks at the present. */
    public ForecastQuery() {}

    /** How much older the token is then. */
    public ForecastQuery by(TemporalAmount by) { return set("by", period(by)); }

    /** The temperature meanwhile in °C; 25 by default. */
    public ForecastQuery celsius(double celsius) { return set("celsius", celsius); }

    /** How many points of the way the answer has: none, or 2 or more. */
    public ForecastQuery points(int points) { return set("points", points); }
  }

  /** Changes of the hardware. */
  public static final class Change extends Fields<Change> {
    /** Changes nothing yet. */
    public Change() {}

    /** The temperature around the token from now on. */
    public Change celsius(double celsius) { return set("celsius", celsius); }

    /** The error of the crystal at 25 °C in parts per million. */
    public Change ppm(double ppm) { return set("ppm", ppm); }
  }

  /** Changes of the world's clock. */
  public static final class SetClock extends Fields<SetClock> {
    /** Changes nothing yet. */
    public SetClock() {}

    /** How the clock runs. The time does not jump. */
    public SetClock mode(ClockMode mode) { return set("mode", mode); }

    /** World seconds per second, for a scaled clock. */
    public SetClock rate(double rate) { return set("rate", rate); }

    /** Whether the clock is stopped. */
    public SetClock paused(boolean paused) { return set("paused", paused); }

    /** The time, which is not before the present one. */
    public SetClock now(Instant now) { return set("now", now); }
  }

  // Answers, by their names in openapi.json.

  /** How the world's clock runs. A manual clock stands still until it is advanced. */
  public enum ClockMode { REAL, SCALED, MANUAL }

  /** A kind of serial port. */
  public enum PortKind { PTY, TCP, RFC2217 }

  /** The sender of bytes on a wire. */
  public enum Side { HOST, TOKEN }

  /** A kind of message on a wire. Noise is a run of bytes outside a line. */
  public enum MessageKind { REQUEST, ANSWER, ERROR, NOISE }

  /** A token at one instant. */
  public record TokenView(
      long tag, String hardwareId, String serial, String lot, String model, String state, String expiry, String display,
      Long step, Long leftMs, double celsius, double ppm, double battery, long mv, long presses, List<String> ports,
      List<String> faults, long seq, Instant trueTime, Instant tokenTime, Long errorMs, boolean clockSet) {}

  /** A code, its time step, and how long it lasts. */
  public record CodeView(
      String code, String serial, long step, Instant validUntil, long leftMs, long seq, Instant trueTime,
      Instant tokenTime, Long errorMs, boolean clockSet) {}

  /** The code that a token shows. */
  public record CodeLine(String hardwareId, String serial, String code, long step, long errorMs) {}

  /** A display. The text has one character for each position. */
  public record DisplayView(
      String text, String state, View view, boolean readable, long seq, Instant trueTime, Instant tokenTime,
      Long errorMs, boolean clockSet) {}

  /** What is on a display, with the darkness of lit and unlit segments from 0 to 1. */
  public record View(
      long digits, Segments lit, double contrast, double haze, boolean black, Map<String, Double> fade) {}

  /** The lit segments: bit 0 of a digit is segment a, bit 0 of the bars the lowest one. */
  public record Segments(List<Long> digits, long bars, long icons) {}

  /** What a code belongs to, in steps after the true time and after the token's. */
  public record OracleView(
      boolean found, Long step, long offset, long tokenOffset, boolean wouldPass, boolean shown, long seq,
      Instant trueTime, Instant tokenTime, Long errorMs, boolean clockSet) {}

  /** What a token would be like if it were older. */
  public record ForecastView(
      String by, double celsius, Instant trueTime, Instant tokenTime, Long errorMs, long offset, Long step, Long leftMs,
      String state, String expiry, String display, String code, boolean genuine, View view, double ppm, double battery,
      long mv, List<ForecastPoint> points) {}

  /** A point on the way to a forecast. */
  public record ForecastPoint(long afterMs, Long errorMs, double battery, long mv, String state) {}

  /**
   * The faults of a display and a flash: segments such as d0.g that are never on or always on, and
   * failures of the flash that strike once.
   */
  public record Faults(List<String> dead, List<String> ghost, Boolean flashFail, Long powerCutAt) {
    /** No faults. */
    public Faults() { this(List.of(), List.of(), null, null); }

    /** Segments that are never on. */
    public Faults withDead(String... segments) { return new Faults(List.of(segments), ghost, flashFail, powerCutAt); }

    /** Segments that are always on. */
    public Faults withGhost(String... segments) { return new Faults(dead, List.of(segments), flashFail, powerCutAt); }

    /** The next operation of the flash fails. */
    public Faults withFlashFail() { return new Faults(dead, ghost, true, powerCutAt); }

    /** The supply fails in the n-th operation of the flash from now; 1 is the next. */
    public Faults withPowerCutAt(long n) { return new Faults(dead, ghost, flashFail, n); }
  }

  /** The faults of a line in both directions; null is none. */
  public record LineFaults(Line in, Line out) {}

  /** The faults of a line in one direction. The first four are probabilities for each byte. */
  public record Line(
      Double drop, Double flip, @Name("double") Double twice, Double insert, Long seed, Long baud, Long stallAt,
      String stall, Long unplugAfter) {
    /** No faults. */
    public Line() { this(null, null, null, null, null, null, null, null, null); }

    /** The probability that a byte is lost. */
    public Line withDrop(double p) { return new Line(p, flip, twice, insert, seed, baud, stallAt, stall, unplugAfter); }

    /** The probability that a bit of a byte is inverted. */
    public Line withFlip(double p) { return new Line(drop, p, twice, insert, seed, baud, stallAt, stall, unplugAfter); }

    /** The probability that a byte arrives twice. */
    public Line withTwice(double p) { return new Line(drop, flip, p, insert, seed, baud, stallAt, stall, unplugAfter); }

    /** The probability that a random byte arrives before a byte. */
    public Line withInsert(double p) { return new Line(drop, flip, twice, p, seed, baud, stallAt, stall, unplugAfter); }

    /** The seed of these faults: the same seed and the same bytes give the same faults. */
    public Line withSeed(long s) { return new Line(drop, flip, twice, insert, s, baud, stallAt, stall, unplugAfter); }

    /** The rate in bit/s. */
    public Line withBaud(long b) { return new Line(drop, flip, twice, insert, seed, b, stallAt, stall, unplugAfter); }

    /** The line stops before the n-th byte from now, for a time by the machine's clock. */
    public Line withStall(long n, Duration d) {
      return new Line(drop, flip, twice, insert, seed, baud, n, period(d), unplugAfter);
    }

    /** The cable is pulled out after that many bytes. */
    public Line withUnplugAfter(long n) { return new Line(drop, flip, twice, insert, seed, baud, stallAt, stall, n); }
  }

  /** A port. The address is null while it is unplugged. */
  public record PortView(String id, String addr, Line in, Line out, boolean tapping, boolean recorded) {}

  /** Messages of a wire, oldest first. */
  public record Messages(List<Message> items, long leftOut, boolean tapping) {}

  /** A message of a wire. */
  public record Message(
      Instant at, Instant trueTime, Side from, MessageKind kind, long bytes, Long version, String operation, Long group,
      Long command, String name, Long seq, Long length, List<Field> fields, String status, String text, Double tookMs,
      boolean repeat) {}

  /** A field of a message. */
  public record Field(String key, String text, boolean hidden) {}

  /** The bytes of both sides during a replay, and whether the token sent the recorded ones. */
  public record Replayed(List<WireLine> items, boolean same) {}

  /** Bytes on a wire. */
  public record WireLine(Instant at, Instant trueTime, Side from, String hex) {}

  /** The world's clock. */
  public record ClockView(ClockMode mode, double rate, boolean paused, boolean ended, Instant now, long seq) {}

  /** An event. {@link Capabilities#eventValues} describes its value. */
  public record EventLine(
      long seq, Instant trueTime, String event, String token, Long tokenUnixMs, String state, Long value) {}

  /** A page of events. */
  public record EventPage(List<EventLine> events, long seq, long next, long oldest, long dropped) {}

  /** What a fleet can do. */
  public record Capabilities(
      String version, String worldSeed, List<String> profiles, List<String> crystals, List<String> states,
      List<String> events, List<String> ports, long tokens, long maxTokens, boolean seedExport, List<String> faults,
      Map<String, String> eventValues) {}

  /** Whether the fleet is well. */
  public record Health(boolean ok) {}

  /** A link that opens the fleet's page once. */
  public record Link(String url, Instant expires) {
    /** Returns a text without the URL, which is a secret. */
    @Override
    public String toString() {
      return "Link[expires=" + expires + "]";
    }
  }

  /** A snapshot. */
  public record SnapshotView(String name, Instant at, long tokens, long bytes) {}

  /** A page of tokens. */
  public record ListOfTokenView(List<TokenView> items, String next) {}

  /** A page of ports. */
  public record ListOfPortView(List<PortView> items, String next) {}

  /** A page of snapshots. */
  public record ListOfSnapshotView(List<SnapshotView> items, String next) {}

  /** A wrong part of a request, such as body.by. */
  public record WrongElement(String location, String message) implements java.io.Serializable {}

  private record Problem(long status, String title, String code, String detail, List<WrongElement> errors) {}

  private record Ready(String url, String apiKey) {
    @Override
    public String toString() {
      return "Ready[url=" + url + "]";
    }
  }

  /** A request that the fleet refused. */
  public static final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int status;
    private final String code;
    private final WrongElement[] errors;

    private ProblemException(int status, Problem p) {
      super(p.detail());
      this.status = status;
      code = p.code();
      errors = p.errors().toArray(WrongElement[]::new);
    }

    /** Returns the HTTP status. */
    public int status() {
      return status;
    }

    /** Returns the stable name of the kind of problem, such as no_code. */
    public String code() {
      return code;
    }

    /** Returns the reason, for a person. It is the message, too. */
    public String detail() {
      return getMessage();
    }

    /** Returns the parts of the request that are wrong. */
    public List<WrongElement> errors() {
      return List.of(errors);
    }
  }

  // HTTP.

  private <T> T get(Class<T> type, String path) {
    return get(type, path, Duration.ZERO);
  }

  private <T> T get(Class<T> type, String path, Duration wait) {
    return answer(type, bytes("GET", null, null, path, JSON, wait));
  }

  private <T> T post(Class<T> type, Object body, String path) {
    return send(type, "POST", body, path);
  }

  private <T> T send(Class<T> type, String method, Object body, String path) {
    byte[] content = null;
    if (body != null) {
      content = Json.text(body).getBytes(StandardCharsets.UTF_8);
    }
    return answer(type, bytes(method, content, JSON, path, JSON));
  }

  private String text(String path, String accept) {
    return new String(bytes("GET", null, null, path, accept), StandardCharsets.UTF_8);
  }

  private byte[] bytes(String method, byte[] body, String type, String path, String accept) {
    return bytes(method, body, type, path, accept, Duration.ZERO);
  }

  private byte[] bytes(String method, byte[] body, String type, String path, String accept, Duration wait) {
    return exchange(request(method, body, type, path, accept), wait, head -> new Limited(),
        b -> new String(b, StandardCharsets.UTF_8));
  }

  private HttpRequest request(String method, byte[] body, String type, String path, String accept) {
    HttpRequest.Builder b = HttpRequest.newBuilder(URI.create(url + path))
        .header("Authorization", "Bearer " + key).header("Accept", accept);
    if (body == null) {
      return b.method(method, HttpRequest.BodyPublishers.noBody()).build();
    }
    return b.header("Content-Type", type).method(method, HttpRequest.BodyPublishers.ofByteArray(body)).build();
  }

  /** Sends a request, which may wait in the fleet. The text of a refusal is read with textOf. */
  private <T> T exchange(HttpRequest request, Duration wait, BodyHandler<T> body, Function<T, String> textOf) {
    HttpResponse<T> response;
    CompletableFuture<HttpResponse<T>> sent = http.sendAsync(request, body);
    try {
      response = sent.get(wait.plus(limit).toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof TooLong) {
        throw new UncheckedIOException(notAsAFleet(cause.getMessage()), (IOException) cause);
      }
      throw new UncheckedIOException("the fleet at " + url + " does not answer: is fob run still running there?",
          cause instanceof IOException io ? io : new IOException(cause));
    } catch (TimeoutException e) {
      sent.cancel(true);
      throw new UncheckedIOException("the fleet at " + url + " does not answer within " + wait.plus(limit).toSeconds()
          + " seconds: is fob run still running there?", new IOException(e));
    } catch (InterruptedException e) {
      sent.cancel(true);
      Thread.currentThread().interrupt();
      throw new UncheckedIOException("waiting for the fleet at " + url + ": interrupted", new IOException(e));
    }
    if (response.statusCode() < 300) {
      String want = request.headers().firstValue("Accept").orElse("");
      String type = response.headers().firstValue("Content-Type").orElse(want);
      if (response.statusCode() == 204 || type.startsWith(want)) {
        return response.body();
      }
      if (response.body() instanceof InputStream in) {
        quietly(in::close);
      }
      throw new UncheckedIOException(new IOException(notAsAFleet("its content is not " + want)));
    }
    Problem p;
    try {
      p = read(Problem.class, textOf.apply(response.body()));
    } catch (RuntimeException e) {
      p = null;
    }
    if (p == null || p.detail() == null) {
      throw new UncheckedIOException(new IOException(notAsAFleet("status " + response.statusCode())));
    }
    throw new ProblemException(response.statusCode(), p);
  }

  private String notAsAFleet(String why) {
    return url + " answers, not as a fleet does: " + why + ": is this the URL of fob run?";
  }

  /** Reads an answer. */
  private <T> T answer(Class<T> type, String text) {
    try {
      return java.util.Objects.requireNonNull(read(type, text));
    } catch (RuntimeException e) { // not JSON, or another type
      throw new UncheckedIOException(notAsAFleet("want a " + type.getSimpleName()), new IOException(e));
    }
  }

  private <T> T answer(Class<T> type, byte[] text) {
    return answer(type, new String(text, StandardCharsets.UTF_8));
  }

  /** The error of an answer that is too long. */
  private static final class TooLong extends IOException {
    private static final long serialVersionUID = 1;

    TooLong(String what) {
      super(what + " has more than " + (MAX_ANSWER >> 20) + " MiB");
    }
  }

  /** Takes an answer of at most MAX_ANSWER bytes. */
  private static final class Limited implements BodySubscriber<byte[]> {
    private final BodySubscriber<byte[]> all = BodySubscribers.ofByteArray();
    private Flow.Subscription subscription;
    private long length;

    @Override
    public CompletionStage<byte[]> getBody() {
      return all.getBody();
    }

    @Override
    public void onSubscribe(Flow.Subscription s) {
      subscription = s;
      all.onSubscribe(s);
    }

    @Override
    public void onNext(List<ByteBuffer> part) {
      for (ByteBuffer b : part) {
        length += b.remaining();
      }
      if (length > MAX_ANSWER) {
        subscription.cancel();
        all.onError(new TooLong("the answer"));
      } else {
        all.onNext(part);
      }
    }

    @Override
    public void onError(Throwable e) {
      all.onError(e);
    }

    @Override
    public void onComplete() {
      all.onComplete();
    }
  }

  /** A stream that fails if a line has more than MAX_ANSWER bytes. */
  private static final class ShortLines extends FilterInputStream {
    private long length; // of the line so far

    ShortLines(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] b, int from, int n) throws IOException {
      int got = super.read(b, from, n);
      for (int i = from; i < from + got; i++) {
        length = b[i] == '\n' ? 0 : length + 1;
        if (length > MAX_ANSWER) {
          throw new TooLong("a line of the answer");
        }
      }
      return got;
    }
  }

  private interface Closing {
    void close() throws IOException;
  }

  private static void quietly(Closing closing) {
    try {
      closing.close();
    } catch (IOException e) {
      // It has ended.
    }
  }

  /** Returns a path whose {} are replaced with names. */
  private static String path(String pattern, String... names) {
    for (String name : names) {
      pattern = pattern.replaceFirst("\\{}", escape(name));
    }
    return pattern;
  }

  private static String query(Map<String, Object> fields) {
    return fields.entrySet().stream().map(f -> f.getKey() + "=" + escape(value(f.getValue())))
        .collect(Collectors.joining("&", "?", ""));
  }

  private static String value(Object v) {
    if (v instanceof Collection<?> list) {
      return list.stream().map(Fob::value).collect(Collectors.joining(","));
    }
    return v instanceof Enum<?> e ? Json.nameOf(e) : v.toString();
  }

  private static String escape(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Returns a period as the fleet reads it: with one sign in front. */
  private static String period(TemporalAmount amount) {
    return amount instanceof Duration d && d.isNegative() ? "-" + d.negated() : amount.toString();
  }

  private static SSLContext trusting(Path authorities) {
    try (InputStream in = Files.newInputStream(authorities)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("authority " + store.size(), c);
      }
      if (store.size() == 0) {
        throw new IOException("there is no certificate in " + authorities);
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("reading the certificate authorities in FOB_CACERT: " + e.getMessage(), e);
    }
  }

  // JSON.

  /** The name of a field in JSON, if it is not a name in Java. */
  @java.lang.annotation.Retention(java.lang.annotation.RetentionPolicy.RUNTIME)
  private @interface Name {
    String value();
  }

  static <T> T read(Class<T> type, String text) {
    return type.cast(Json.convert(type, Json.parse(text)));
  }

  /** Returns a record as a map, without the fields that are null. */
  static Map<String, Object> plain(Record r) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (RecordComponent c : r.getClass().getRecordComponents()) {
      try {
        Object v = c.getAccessor().invoke(r);
        if (v != null) {
          fields.put(Json.nameOf(c), v instanceof Record inner ? plain(inner) : v);
        }
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
    return fields;
  }

  /** A reader and writer of JSON. Objects are maps, arrays are lists. */
  static final class Json {
    private static final int MAX_DEPTH = 100;

    /** Records whose fields may all be missing. A missing number is an error in any record. */
    private static final Set<Class<?>> MAY_BE_EMPTY = Set.of(Faults.class, LineFaults.class, Line.class);

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
      this.text = text;
    }

    /** Parses a text. Whole numbers are Long, others Double. */
    static Object parse(String text) {
      Json j = new Json(text);
      Object v = j.value();
      j.space();
      if (j.at != text.length()) {
        throw j.wrong("the end");
      }
      return v;
    }

    private IllegalArgumentException wrong(String wanted) {
      return new IllegalArgumentException("reading JSON: want " + wanted + " at character " + at);
    }

    private void space() {
      while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    private char peek() {
      space();
      if (at == text.length()) {
        throw wrong("a value");
      }
      return text.charAt(at);
    }

    private boolean skip(String word) {
      space();
      boolean there = text.startsWith(word, at);
      if (there) {
        at += word.length();
      }
      return there;
    }

    private void expect(String word) {
      if (!skip(word)) {
        throw wrong(word);
      }
    }

    private Object value() {
      char first = peek();
      if (first == '{' || first == '[') {
        if (++depth > MAX_DEPTH) {
          throw wrong("at most " + MAX_DEPTH + " levels");
        }
        Object v = first == '{' ? object() : array();
        depth--;
        return v;
      }
      switch (first) {
        case '"':
          return string();
        default:
          if (skip("null")) {
            return null;
          }
          if (skip("true")) {
            return true;
          }
          return skip("false") ? false : number();
      }
    }

    private Map<String, Object> object() {
      Map<String, Object> fields = new LinkedHashMap<>();
      expect("{");
      if (skip("}")) {
        return fields;
      }
      do {
        space();
        String name = string();
        expect(":");
        fields.put(name, value());
      } while (skip(","));
      expect("}");
      return fields;
    }

    private List<Object> array() {
      List<Object> items = new ArrayList<>();
      expect("[");
      if (skip("]")) {
        return items;
      }
      do {
        items.add(value());
      } while (skip(","));
      expect("]");
      return items;
    }

    private Object number() {
      int from = at;
      while (at < text.length() && "+-.0123456789Ee".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
      String digits = text.substring(from, at);
      try {
        if (digits.matches("-?[0-9]+")) {
          return Long.valueOf(digits);
        }
        return Double.valueOf(digits);
      } catch (NumberFormatException e) {
        at = from;
        throw wrong("a number");
      }
    }

    private String string() {
      StringBuilder b = new StringBuilder();
      expect("\"");
      while (at < text.length()) {
        char c = text.charAt(at++);
        if (c == '"') {
          return b.toString();
        }
        b.append(c == '\\' ? escaped() : c);
      }
      throw wrong("\"");
    }

    private char escaped() {
      if (at == text.length()) {
        throw wrong("an escape");
      }
      char c = text.charAt(at++);
      int simple = "bfnrt".indexOf(c);
      if (simple >= 0) {
        return "\b\f\n\r\t".charAt(simple);
      }
      if (c != 'u') {
        return c;
      }
      try {
        at += 4;
        return (char) Integer.parseInt(text, at - 4, at, 16);
      } catch (NumberFormatException | IndexOutOfBoundsException e) {
        throw wrong("four hexadecimal digits");
      }
    }

    static String text(Object v) {
      StringBuilder b = new StringBuilder();
      write(b, v);
      return b.toString();
    }

    private static void write(StringBuilder b, Object v) {
      if (v instanceof Map<?, ?> fields) {
        String before = "{";
        for (Map.Entry<?, ?> f : fields.entrySet()) {
          b.append(before);
          quote(b, (String) f.getKey());
          write(b.append(':'), f.getValue());
          before = ",";
        }
        b.append(fields.isEmpty() ? "{}" : "}");
      } else if (v instanceof List<?> items) {
        String before = "[";
        for (Object item : items) {
          write(b.append(before), item);
          before = ",";
        }
        b.append(items.isEmpty() ? "[]" : "]");
      } else if (v == null || v instanceof Boolean || v instanceof Number) {
        b.append(v);
      } else {
        quote(b, v instanceof Enum<?> e ? nameOf(e) : v.toString());
      }
    }

    private static void quote(StringBuilder b, String s) {
      b.append('"');
      for (char c : s.toCharArray()) {
        if (c == '"' || c == '\\') {
          b.append('\\').append(c);
        } else if (c < ' ') {
          b.append(String.format("\\u%04x", (int) c));
        } else {
          b.append(c);
        }
      }
      b.append('"');
    }

    static String nameOf(Enum<?> e) {
      return e.name().toLowerCase(Locale.ROOT);
    }

    /** Returns the name of a component in JSON: hardwareId is hardware_id. */
    static String nameOf(RecordComponent c) {
      Name name = c.getAnnotation(Name.class);
      return name != null ? name.value() : c.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** Converts a parsed value to a type of a record. */
    static Object convert(Type type, Object v) {
      if (type instanceof ParameterizedType p) {
        Type[] of = p.getActualTypeArguments();
        if (p.getRawType() == List.class) {
          return v == null ? List.of() : ((List<?>) v).stream().map(item -> convert(of[0], item)).toList();
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        if (v != null) {
          ((Map<?, ?>) v).forEach((name, item) -> fields.put((String) name, convert(of[1], item)));
        }
        return fields;
      }
      Class<?> c = (Class<?>) type;
      if (v == null) {
        if (c == long.class || c == double.class) {
          throw new IllegalArgumentException("reading JSON: want a number in each field that must have one");
        }
        return c == boolean.class ? (Object) false : null;
      } else if (c == double.class || c == Double.class) {
        return ((Number) v).doubleValue();
      } else if (c == Instant.class) {
        return Instant.parse((String) v);
      } else if (c.isEnum()) {
        return Stream.of(c.getEnumConstants()).filter(e -> nameOf((Enum<?>) e).equals(v)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("reading JSON: want a " + c.getSimpleName() + ", not " + v));
      } else if (c.isRecord()) {
        return record(c, (Map<?, ?>) v);
      }
      return v;
    }

    private static Object record(Class<?> type, Map<?, ?> fields) {
      if (!MAY_BE_EMPTY.contains(type) && Stream.of(type.getRecordComponents()).noneMatch(c -> fields.containsKey(nameOf(c)))) {
        throw new IllegalArgumentException("reading JSON: want the fields of a " + type.getSimpleName());
      }
      RecordComponent[] components = type.getRecordComponents();
      Object[] values = new Object[components.length];
      Class<?>[] types = new Class<?>[components.length];
      for (int i = 0; i < components.length; i++) {
        types[i] = components[i].getType();
        values[i] = convert(components[i].getGenericType(), fields.get(nameOf(components[i])));
      }
      try {
        return type.getDeclaredConstructor(types).newInstance(values);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("reading a " + type.getSimpleName(), e);
      }
    }
  }

  /** A running fob run. Its standard input is a pipe that closes with this process, however that ends. */
  private static final class Program {
    private static final int KEPT = 20; // lines of its messages, for an error
    private static final int MAX_READY = 1 << 16; // characters
    private static final Duration START_LIMIT = Duration.ofMinutes(10);

    private final Process process;
    private final boolean takesWorldSeed;
    private final Thread reader;
    private final List<String> messages = new ArrayList<>();

    Program(String... flags) {
      List<String> command = command(flags);
      takesWorldSeed = Stream.of(flags).noneMatch(f -> f.matches("--state(=.*)?"));
      try {
        process = new ProcessBuilder(command).start();
      } catch (IOException e) {
        throw new UncheckedIOException("starting " + command.get(0) + ": " + e.getMessage()
            + ": install fob, or set FOB_COMMAND to its path", e);
      }
      reader = new Thread(this::relay, "messages of fob run");
      reader.setDaemon(true);
      reader.start();
    }

    private static List<String> command(String... flags) {
      String name = System.getenv("FOB_COMMAND");
      List<String> command = new ArrayList<>(List.of(name == null || name.isEmpty() ? "fob" : name, "run", "--json", "--end-with-stdin"));
      var given = new HashSet<String>();
      for (String flag : flags) {
        given.add(flag.replaceFirst("=.*", ""));
      }
      if (Stream.of("--lot", "--seed-file", "--fleet-key-file", "--state", "--count", "--ready").noneMatch(given::contains)) {
        command.addAll(List.of("--count", "0", "--ready"));
      }
      if (!given.contains("--clock") && !given.contains("--state")) {
        command.addAll(List.of("--clock", "manual"));
      }
      String seed = System.getenv("FOB_WORLD_SEED");
      if (seed != null && !seed.isEmpty() && !given.contains("--world-seed") && !given.contains("--state")) {
        command.addAll(List.of("--world-seed", seed));
      }
      if (!given.contains("--allow-seed-export")) {
        command.add("--allow-seed-export");
      }
      command.addAll(List.of(flags));
      return command;
    }

    /** Copies the messages of the program to this one's. */
    private void relay() {
      try (BufferedReader r = process.errorReader()) {
        for (String line; (line = r.readLine()) != null; ) {
          System.err.println(line);
          synchronized (messages) {
            messages.add(line);
            if (messages.size() > KEPT) {
              messages.remove(0);
            }
          }
        }
      } catch (IOException e) {
        // The program has ended.
      }
    }

    /** Waits for the ready line, which is the program's only output. */
    Ready ready() {
      FutureTask<String> first = new FutureTask<>(() -> firstLine(process.inputReader()));
      Thread waiting = new Thread(first, "ready line of fob run");
      waiting.setDaemon(true);
      waiting.start();
      try {
        String line = first.get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
        if (line != null) {
          return readyOf(line);
        }
        if (!process.waitFor(1, TimeUnit.MINUTES)) {
          throw new IllegalStateException("starting fob run: it closes its output without a ready line: set FOB_COMMAND to the path of fob");
        }
        reader.join(TimeUnit.SECONDS.toMillis(10)); // another process may keep it open
        synchronized (messages) {
          throw new IllegalStateException("starting fob run: it ended with exit code " + process.exitValue() + ": " + String.join("\n", messages));
        }
      } catch (TimeoutException e) {
        throw new IllegalStateException("starting fob run: no ready line within " + START_LIMIT.toSeconds() + " seconds", e);
      } catch (ExecutionException e) {
        throw new UncheckedIOException("starting fob run", e.getCause() instanceof IOException io ? io : new IOException(e.getCause()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UncheckedIOException("starting fob run: interrupted", new IOException(e));
      }
    }

    /** Returns the first line, or null if there is none. A longer one is cut: it is not a ready line. */
    private static String firstLine(Reader in) throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c; (c = in.read()) != '\n' && line.length() < MAX_READY; line.append((char) c)) {
        if (c < 0) {
          return line.isEmpty() ? null : line.toString();
        }
      }
      return line.toString();
    }

    private static Ready readyOf(String line) {
      Ready ready;
      try {
        ready = read(Ready.class, line);
      } catch (RuntimeException e) { // not with the line: it may have a key
        throw new IllegalStateException("starting fob run: its first line is not a ready line in JSON: set FOB_COMMAND to the path of fob");
      }
      if (ready.url() == null || ready.apiKey() == null || ready.apiKey().isEmpty()) {
        throw new IllegalArgumentException("starting fob run: its API is off or its key is in a file: connect to it with FOB_URL and FOB_API_KEY");
      }
      return ready;
    }

    void end(long seconds) {
      quietly(process.getOutputStream()::close);
      try {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
