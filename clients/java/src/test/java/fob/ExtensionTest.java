// SPDX-License-Identifier: Apache-2.0

package fob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs tests that fail, and reads their reports. */
class ExtensionTest {
  /** Tests that fail in all ways; not found by a scan because of its name. */
  @ExtendWith(FobExtension.class)
  static class Fails {
    @BeforeEach
    void prepare(Fob fob, org.junit.jupiter.api.TestInfo info) {
      assertFalse(info.getDisplayName().startsWith("before"));
    }

    @Test
    void passes(Fob.Token token) {
      assertNotEquals(token.freshCode(), token.freshCode());
    }

    @Test
    void fails(Fob.Token token) {
      token.skew(java.time.Duration.ofSeconds(1));
      fail("this is the failure");
    }

    @Test
    void before() {}

    @Test
    void aborts() {
      assumeTrue(false);
    }

    @RepeatedTest(2)
    void again(Fob.Token token) {
      fail("again");
    }
  }

  @Test
  void reportsFailedTests(@TempDir Path reports) throws Exception {
    Map<String, ReportEntry> entries = new HashMap<>();
    Map<String, Throwable> failures = new HashMap<>();
    LauncherFactory.create().execute(
        LauncherDiscoveryRequestBuilder.request().selectors(selectClass(Fails.class))
            .configurationParameter("fob.flags", "--world-seed 7  --clock manual")
            .configurationParameter("fob.reports", reports.toString()).build(),
        new TestExecutionListener() {
          @Override
          public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
            entries.put(test.getDisplayName(), entry);
          }

          @Override
          public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            result.getThrowable().ifPresent(e -> failures.put(test.getDisplayName(), e));
          }
        });
    String fails = "fails(Token)";
    assertEquals(java.util.Set.of(fails, "before()", "repetition 1 of 2", "repetition 2 of 2"), entries.keySet());
    Map<String, String> report = entries.get(fails).getKeyValuePairs();
    assertEquals("7; to repeat: FOB_WORLD_SEED=7", report.get("fob.world-seed"));
    assertTrue(report.get("fob.events").matches("(?s).*\"event\":\"made\".*\"event\":\"skew\",[^\n]*\"value\":1000}"), report.toString());
    assertEquals(1, report.get("fob.events").split("\"event\":\"skew\"", -1).length - 1, "the events of other tests do not belong there");

    String display = report.keySet().stream().filter(k -> k.startsWith("fob.display.ZZFB")).findFirst().orElseThrow();
    Path picture = Path.of(report.get(display).replaceFirst(".*, ", ""));
    assertTrue(picture.startsWith(reports) && picture.toString().contains("ExtensionTest_Fails.fails"), picture.toString());
    assertTrue(Files.readAllBytes(picture)[1] == 'P');
    assertEquals(3, Files.list(reports).count(), "each repetition has a folder of its own");

    Throwable failure = failures.get(fails);
    assertEquals("this is the failure", failure.getMessage());
    assertTrue(failure.getSuppressed()[0].toString().startsWith("fob.world-seed: 7"), failure.getSuppressed()[0].toString());
    assertEquals(0, failures.get("aborts()").getSuppressed().length);
  }
}
