// SPDX-License-Identifier: Apache-2.0

package fob;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.opentest4j.TestAbortedException;

/**
 * Gives JUnit 5 tests their tokens. A parameter of type {@link Fob} is the fleet, one for all tests,
 * which {@link Fob#open} opens. A parameter of type {@link Fob.Token} is a new token that is
 * provisioned and locked.
 *
 * <pre>{@code
 * @ExtendWith(FobExtension.class)
 * class LoginTest {
 *   @Test
 *   void login(Fob.Token token) {
 *     assertTrue(bank.login("alice", token.code()));
 *   }
 * }
 * }</pre>
 *
 * <p>A failed test reports the world seed, its events, and the displays of the tokens in them: as
 * report entries, and in the stack trace of the failure. The pictures are PNG files in the folder of
 * the configuration parameter {@code fob.reports}; by default it is {@code target/fob} beside a
 * pom.xml, and otherwise {@code build/fob}. The parameter {@code fob.flags} has flags for {@code fob
 * run}, separated by spaces.
 */
public final class FobExtension implements ParameterResolver, BeforeEachCallback, AfterEachCallback {
  private static final Namespace OURS = Namespace.create(FobExtension.class);
  private static final String BEGAN = "began";
  private static final int MAX_EVENTS = 1000;
  private static final int MAX_DISPLAYS = 10;

  /** The fleet of all tests, which ends with the last one. */
  private record Shared(Fob fob) implements ExtensionContext.Store.CloseableResource {
    @Override
    public void close() {
      fob.close();
    }
  }

  /** What a failed test reports beside its own failure. */
  private static final class Report extends Exception {
    private static final long serialVersionUID = 1;

    Report(String text) {
      super(text, null, false, false);
    }

    @Override
    public String toString() {
      return getMessage();
    }
  }

  private static Fob fleet(ExtensionContext context) {
    return context.getRoot().getStore(OURS).getOrComputeIfAbsent(Shared.class, k -> {
      String flags = context.getConfigurationParameter("fob.flags").orElse("").strip();
      return new Shared(Fob.open(flags.isEmpty() ? new String[0] : flags.split("\\s+")));
    }, Shared.class).fob();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == Fob.class || type == Fob.Token.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Fob fob = fleet(context);
    return parameter.getParameter().getType() == Fob.class ? fob : fob.token();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    context.getStore(OURS).put(BEGAN, fleet(context).clock().seq());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Throwable failure = context.getExecutionException().orElse(null);
    if (failure == null || failure instanceof TestAbortedException || context.getStore(OURS).get(BEGAN) == null) {
      return; // without a beginning there is no fleet, and the failure says so
    }
    Map<String, String> entries = new LinkedHashMap<>();
    StringBuilder text = new StringBuilder();
    try {
      try {
        describe(context, entries);
      } catch (Exception | Error e) { // the fleet may have ended
        entries.put("fob.report", "reporting a failed test: " + e.getMessage());
      }
      entries.forEach((name, value) -> text.append(name).append(": ").append(value).append('\n'));
      context.publishReportEntry(entries);
    } catch (Exception | Error e) { // a listener's; the failure of the test is what counts
      text.append("reporting a failed test: ").append(e.getMessage());
    }
    failure.addSuppressed(new Report(text.toString().strip()));
  }

  private static void describe(ExtensionContext context, Map<String, String> entries) throws IOException {
    Fob fob = fleet(context);
    String seed = fob.worldSeed();
    entries.put("fob.world-seed", fob.takesWorldSeed() ? seed + "; to repeat: FOB_WORLD_SEED=" + seed : seed);
    long began = context.getStore(OURS).getOrDefault(BEGAN, Long.class, 0L);
    List<Fob.EventLine> events = fob.events(new Fob.EventFilter().afterSeq(Math.max(began, fob.clock().seq() - MAX_EVENTS)));
    Set<String> tokens = new LinkedHashSet<>();
    StringBuilder log = new StringBuilder("after " + began + ", oldest first");
    for (Fob.EventLine e : events) {
      log.append('\n').append(Fob.Json.text(Fob.plain(e)));
      if (e.token() != null) {
        tokens.add(e.token());
      }
    }
    Path folder = folder(context);
    for (String id : tokens.stream().limit(MAX_DISPLAYS).toList()) {
      Fob.Token token;
      try {
        token = fob.find(id);
      } catch (Fob.ProblemException e) {
        continue; // the test has removed it
      }
      Files.createDirectories(folder);
      Path picture = folder.resolve(token + ".png");
      Files.write(picture, token.png());
      Fob.DisplayView d = token.display();
      entries.put("fob.display." + token, "\"" + d.text() + "\", " + d.state() + ", " + picture);
    }
    entries.put("fob.events", log.toString());
  }

  /** Returns the folder for the pictures of a test. */
  private static Path folder(ExtensionContext context) {
    String usual = Files.exists(Path.of("pom.xml")) ? "target/fob" : "build/fob";
    String test = context.getRequiredTestClass().getName() + "." + context.getRequiredTestMethod().getName();
    String name = context.getDisplayName(); // of one run of a repeated or parameterized test
    if (!name.startsWith(context.getRequiredTestMethod().getName() + "(")) {
      test += "." + name;
    }
    return Path.of(context.getConfigurationParameter("fob.reports").orElse(usual), test.replaceAll("[^A-Za-z0-9._-]+", "_"));
  }
}
