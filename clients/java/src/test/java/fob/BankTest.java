// SPDX-License-Identifier: Apache-2.0

package fob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Period;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests the reference validation server with the client, as a user's tests would test theirs. */
@ExtendWith(FobExtension.class)
class BankTest {
  private static Bank bank;

  @BeforeAll
  static void start(Fob fob, @TempDir Path folder) throws Exception {
    bank = new Bank(folder, fob);
  }

  @AfterAll
  static void stop() throws Exception {
    bank.close();
  }

  @Test
  void acceptsACodeOnce(Fob.Token token) throws Exception {
    bank.register(token);
    String code = token.freshCode();
    assertEquals("accepted", bank.check(token, code));
    assertEquals("refused", bank.check(token, code));
    assertEquals("accepted", bank.check(token, token.freshCode()));
  }

  @Test
  void acceptsACodeThatIsOneStepOld(Fob fob) throws Exception {
    Fob.Token token = fob.token(Fob.Lot.ready().crystal("perfect"));
    bank.register(token);
    String code = token.freshCode();
    fob.advance(Duration.ofMinutes(1));
    assertEquals(-1, token.oracle(code, 1).offset());
    assertEquals("accepted", bank.check(token, code));
  }

  @Test
  void refusesATokenThatIsYearsOld(Fob fob) throws Exception {
    Fob.Token token = fob.token(Fob.Lot.ready().crystal("perfect").ppm(-3.8)); // two minutes a year
    bank.register(token);
    token.age(Period.ofYears(4));
    assertNotEquals("accepted", bank.check(token, token.freshCode()));
  }

  @Test
  void suspendsATokenAfterWrongCodes(Fob.Token token) throws Exception {
    bank.register(token);
    for (int i = 0; i < 5; i++) {
      assertEquals("refused", bank.check(token, "000000"));
    }
    assertEquals("refused", bank.check(token, token.freshCode()));
  }

  @Test
  void refusesATokenAfterItsLastDayInJapan(Fob fob) throws Exception {
    LocalDate day = LocalDate.ofInstant(fob.now(), java.time.ZoneOffset.UTC).plusDays(30);
    Fob.Token token = fob.token(Fob.Lot.ready().crystal("perfect").expiry(day));
    bank.register(token);
    Instant midnight = day.plusDays(1).atStartOfDay(java.time.ZoneId.of("Asia/Tokyo")).toInstant();
    fob.advanceTo(midnight.minus(Duration.ofMinutes(2)));
    assertEquals("accepted", bank.check(token, token.freshCode()));
    String last = token.freshCode();
    fob.advanceTo(midnight);
    assertEquals("refused", bank.check(token, last));
  }
}
