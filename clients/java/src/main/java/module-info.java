// SPDX-License-Identifier: Apache-2.0

/** Emulated one-time-password tokens for the tests of a server. */
module fob {
  requires transitive java.net.http;

  exports fob;
}
