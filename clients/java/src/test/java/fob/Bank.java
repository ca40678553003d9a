// SPDX-License-Identifier: Apache-2.0

package fob;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The reference validation server, which runs on the fleet's clock, with one contract. */
public final class Bank implements AutoCloseable {
  private final HttpClient http = HttpClient.newHttpClient();
  private final Path folder;
  private final Process process;
  private final String url;
  private final String clerk;
  private final String checker;
  private int users;

  /** Starts the server. The folder must be empty; its database and its keys are there. */
  public Bank(Path folder, Fob fleet) throws IOException, InterruptedException {
    this.folder = folder;
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    secret("tanaka.pw", "correct horse battery");
    run(fleet, "init", "--test-mode", "--first-clerk", "tanaka", "--password-file", "tanaka.pw", "--api-key-out", "clerk.key");
    run(fleet, "key", "add", "--test-mode", "--role", "check", "--name", "tests", "--out", "check.key");
    clerk = Files.readString(folder.resolve("clerk.key")).strip();
    checker = Files.readString(folder.resolve("check.key")).strip();
    process = program(fleet, "serve", "--test-mode", "--clock", "fleet", "--listen", "127.0.0.1:0", "--json").start();
    Map<?, ?> ready = (Map<?, ?>) Fob.Json.parse(process.inputReader().readLine());
    url = (String) ready.get("http");
    send("POST", "/v1/contracts", clerk, Map.of("id", "c1", "name", "Example", "address", "Tokyo", "email", "c1@example.com"));
  }

  private void secret(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, text + "\n");
  }

  private ProcessBuilder program(Fob fleet, String... args) {
    String fob = System.getenv("FOB_COMMAND");
    List<String> command = new ArrayList<>(List.of(fob == null ? "fob" : fob, "validator"));
    command.addAll(List.of(args));
    command.addAll(List.of("--db", "bank.db", "--key-file", "bank.key"));
    ProcessBuilder b = new ProcessBuilder(command).directory(folder.toFile()).redirectError(folder.resolve("log").toFile());
    b.environment().put("FOB_URL", fleet.url());
    b.environment().put("FOB_API_KEY", fleet.key());
    return b;
  }

  private void run(Fob fleet, String... args) throws IOException, InterruptedException {
    Process p = program(fleet, args).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    if (p.waitFor() != 0) {
      throw new IOException(Files.readString(folder.resolve("log")));
    }
  }

  /** Imports a token, and registers it for a new user with its code. */
  public void register(Fob.Token token) throws IOException, InterruptedException {
    request("POST", "/v1/imports?contract=c1", clerk, "application/octet-stream", token.seed("pskc"));
    String user = "user" + ++users;
    String role = users == 1 ? "master" : "user";
    Map<String, Object> who = Map.of("id", user, "contract", "c1", "role", role, "name", user, "password", "correct horse " + user);
    send("POST", "/v1/users", clerk, who);
    Map<?, ?> session = send("POST", "/v1/sessions", null, Map.of("user", user, "password", "correct horse " + user));
    Map<?, ?> answer = send("POST", "/v1/tokens/" + token.serial() + "/activation", (String) session.get("secret"), Map.of("code", token.freshCode()));
    if (!answer.get("done").equals(true)) {
      throw new IOException("registering " + token + ": " + answer);
    }
  }

  /** Returns the bank's answer to a code: accepted, refused or next code. */
  public String check(Fob.Token token, String code) throws IOException, InterruptedException {
    return (String) send("POST", "/v1/check", checker, Map.of("serial", token.serial(), "code", code)).get("answer");
  }

  private Map<?, ?> send(String method, String path, String key, Map<String, Object> body) throws IOException, InterruptedException {
    return request(method, path, key, "application/json", Fob.Json.text(body).getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private Map<?, ?> request(String method, String path, String key, String type, byte[] body) throws IOException, InterruptedException {
    HttpRequest.Builder b = HttpRequest.newBuilder(URI.create(url + path)).header("Content-Type", type)
        .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
    if (key != null) {
      b.header("Authorization", "Bearer " + key);
    }
    HttpResponse<String> answer = http.send(b.build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IOException(path + ": " + answer.statusCode() + ": " + answer.body());
    }
    return (Map<?, ?>) Fob.Json.parse(answer.body());
  }

  /** Ends the server. */
  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
