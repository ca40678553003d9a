// SPDX-License-Identifier: Apache-2.0

package fob;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * Uses servers that are no fleet, and URLs and keys that are not valid. With the argument start it
 * starts the program of FOB_COMMAND, which is no fob.
 */
final class HostileCheck {
  private HostileCheck() {}

  public static void main(String[] args) {
    try {
      check(args);
      System.exit(0);
    } catch (Throwable e) {
      e.printStackTrace();
      System.exit(1); // the servers' threads would go on
    }
  }

  private static void check(String[] args) throws IOException {
    if (args.length > 0) {
      starts();
      return;
    }
    addresses();
    silence();
    answers();
    longAnswers();
    assert !new Fob.Link("hidden", null).toString().contains("hidden");
    System.out.println("hostile servers passed");
  }

  /** Runs a call that must fail, and returns the text of the error, which must not have a secret. */
  private static String error(Class<? extends RuntimeException> type, Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      StringWriter text = new StringWriter();
      e.printStackTrace(new PrintWriter(text, true));
      assert type.isInstance(e) && !text.toString().contains("hidden") : text;
      return e.getMessage();
    }
    throw new AssertionError("no error");
  }

  private static void addresses() {
    String key = "A".repeat(26);
    for (String url : List.of("", "127.0.0.1:8080", "localhost:8080", "ftp://127.0.0.1", "http://user:hidden@127.0.0.1",
        "http://127.0.0.1/hidden", "http://127.0.0.1?hidden", "http://127.0.0.1#hidden", "http://hidden hidden", "http://",
        "http://127.0.0.1:99999", "http:hidden", "//127.0.0.1")) {
      String e = error(IllegalArgumentException.class, () -> Fob.connect(url, key));
      assert e.equals("the URL of the fleet is not valid: want one like http://127.0.0.1:8080") : url + ": " + e;
    }
    error(IllegalArgumentException.class, () -> Fob.connect(null, key));
    for (String wrong : new String[] {null, "", "hidden\n", "hidden\r\nX: y", "hidden hidden", "hidden\u0000", "hiddené"}) {
      String e = error(IllegalArgumentException.class, () -> Fob.connect("http://127.0.0.1:1", wrong));
      assert e.equals("the API key of the fleet is not valid: copy it from the ready line of fob run") : e;
    }
    // load/target.go: localhost and addresses of loopback
    for (String host : List.of("localhost", "127.0.0.1", "127.255.255.254", "[::1]", "[::ffff:127.0.0.1]")) {
      Fob.connect("http://" + host + ":1", key);
      Fob.connect("HTTP://" + host + ":1/", key);
    }
    for (String host : List.of("example.com", "192.0.2.1", "[2001:db8::1]", "128.0.0.1", "127.0.0.1.example.com", "localhost.example.com", "0.0.0.0")) {
      String e = error(IllegalArgumentException.class, () -> Fob.connect("http://" + host, key));
      assert e.equals(host + " is not a loopback address, and the API key is a secret: use https") : e;
      Fob.connect("https://" + host, key);
    }
  }

  /** Uses a server that never answers, and one that never ends its answer. */
  private static void silence() throws IOException {
    for (String begin : List.of("", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")) {
      try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
        Thread t = new Thread(() -> {
          try {
            for (; ; ) {
              Socket s = server.accept(); // stays open
              s.getOutputStream().write(begin.getBytes(StandardCharsets.UTF_8));
            }
          } catch (IOException e) {
            // The check is over.
          }
        });
        t.setDaemon(true);
        t.start();
        Fob fob = new Fob("http://127.0.0.1:" + server.getLocalPort(), "hidden", null, Duration.ofSeconds(1));
        assert error(UncheckedIOException.class, fob::now).contains("does not answer within 1 seconds: ");
        assert error(UncheckedIOException.class, () -> fob.export("pskc")).contains("does not answer within 1 seconds: ");
        if (begin.isEmpty()) {
          assert error(UncheckedIOException.class, () -> fob.follow(new Fob.EventFilter())).contains("within 1 seconds: ");
        }
      }
    }
    Duration usual = Duration.ofSeconds(60);
    assert new Fob.Condition().wait(usual).equals(usual);
    assert new Fob.Condition().realTimeout(Duration.ofMinutes(10)).wait(usual).equals(Duration.ofMinutes(10));
    assert new Fob.Condition().realTimeout(Duration.ofSeconds(-1)).wait(usual).isZero();
    assert new Fob.Condition().realTimeout(Duration.ofSeconds(Long.MAX_VALUE)).wait(usual).toNanos() > 0;
  }

  /** Begins a server whose answers are the same text, as often as repeat says. */
  private static HttpServer serve(int status, String type, String text, int repeat) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", x -> {
      x.getRequestBody().readAllBytes();
      x.getResponseHeaders().set("Content-Type", type);
      x.sendResponseHeaders(status, 0);
      try (OutputStream out = x.getResponseBody()) {
        for (int i = 0; i < repeat; i++) {
          out.write(text.getBytes(StandardCharsets.UTF_8));
        }
      } catch (IOException e) {
        // The client has closed the connection.
      }
    });
    server.start();
    return server;
  }

  private static Fob client(HttpServer server) {
    return Fob.connect("http://127.0.0.1:" + server.getAddress().getPort(), "hidden");
  }

  private static void answers() throws IOException {
    String json = "application/json";
    List<String> texts = List.of("", "{}", "[]", "null", "1", "\"x\"", "{\"items\":1}", "{\"items\":[1]}", "{\"items\":[{}]}",
        "{\"now\":1}", "{\"now\":\"x\"}", "{\"mode\":\"x\"}", "[".repeat(100_000), "{\"a\":".repeat(100_000), "<html>");
    for (String text : texts) {
      HttpServer server = serve(200, json, text, 1);
      Fob fob = client(server);
      for (Runnable call : List.<Runnable>of(fob::now, fob::health, fob::link, fob::capabilities, fob::token, fob::tokens,
          fob::events, fob::snapshots, fob::pause, () -> fob.find("x"), () -> fob.snapshot("x"))) {
        String e = error(UncheckedIOException.class, call);
        assert e.contains(" answers, not as a fleet does: ") : text + ": " + e;
      }
      server.stop(0);
    }
    HttpServer html = serve(200, "text/html", "<html>hidden</html>", 1);
    Fob page = client(html);
    for (Runnable call : List.<Runnable>of(page::now, page::codes, () -> page.export("pskc"), () -> page.follow(new Fob.EventFilter()))) {
      assert error(UncheckedIOException.class, call).contains(" answers, not as a fleet does: its content is not ");
    }
    html.stop(0);
    HttpServer wrong = serve(502, "text/html", "<html>hidden</html>", 1);
    assert error(UncheckedIOException.class, client(wrong)::now).contains(" answers, not as a fleet does: status 502: ");
    wrong.stop(0);
  }

  private static void longAnswers() throws IOException {
    String part = " ".repeat(1 << 20); // white space may be in JSON
    for (int status : new int[] {200, 500}) {
      HttpServer server = serve(status, "application/json", part, 1024);
      assert error(UncheckedIOException.class, client(server)::now).contains("the answer has more than 64 MiB");
      server.stop(0);
    }
    HttpServer events = serve(200, "text/event-stream", part, 1024);
    try (Stream<Fob.EventLine> live = client(events).follow(new Fob.EventFilter())) {
      assert error(UncheckedIOException.class, live::toList).contains("a line of the answer has more than 64 MiB");
    }
    events.stop(0);
  }

  private static void starts() {
    String e = error(IllegalStateException.class, Fob::start);
    assert e.startsWith("starting fob run: its first line is not a ready line in JSON: ") : e;
    assert ProcessHandle.current().children().noneMatch(ProcessHandle::isAlive);
  }
}
