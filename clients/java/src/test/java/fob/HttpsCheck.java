// SPDX-License-Identifier: Apache-2.0

package fob;

/**
 * Starts a fleet with HTTPS and reads a code. The arguments are the files of its certificate and its
 * key, and a part of the expected error, or nothing. FOB_CACERT is the file with the authorities.
 */
final class HttpsCheck {
  private HttpsCheck() {}

  public static void main(String[] args) {
    String error = "";
    try (Fob fob = Fob.start("--http-cert", args[0], "--http-key", args[1])) {
      assert fob.url().startsWith("https://127.0.0.1:") : fob.url();
      assert fob.token().code().matches("[0-9]{6}");
    } catch (RuntimeException e) {
      error = e.getMessage() + ": " + e.getCause();
    }
    if (args[2].isEmpty() ? !error.isEmpty() : !error.contains(args[2])) {
      throw new AssertionError("want the error \"" + args[2] + "\", got \"" + error + "\"");
    }
  }
}
