package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.AccessControlException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HadoopModelFilesTest extends ModelFilesContract {

  @TempDir private Path directory;

  private final Configuration conf = RemoteFileSystem.configuration();

  @Override
  ModelFiles files() {
    return HadoopModelFiles.at(RemoteFileSystem.uri(directory), conf);
  }

  @Override
  void write(String name, byte[] bytes) throws IOException {
    Files.createDirectories(directory.resolve(name).getParent());
    Files.write(directory.resolve(name), bytes);
  }

  @Test
  void noDirectory() {
    assertRefused(
        RemoteFileSystem.uri(directory.resolve("absent")),
        "no directory remote:"
            + directory
            + "/absent; give the location of a model with"
            + " config.json and safetensors files");
    assertRefused(
        RemoteFileSystem.uri(directory.resolve("small.json")),
        "no directory remote:"
            + directory
            + "/small.json; give the location of a model with"
            + " config.json and safetensors files");
  }

  @Test
  void unknownFileSystem() {
    for (String location : new String[] {"moon://crater/model", "s3a://bucket/model"}) {
      String scheme = location.replaceFirst(":.*", "");
      assertRefused(
          location,
          "model "
              + location
              + " is on a file system '"
              + scheme
              + "' that this Spark does not"
              + " know; give --packages or --jars its Hadoop connector, or copy the model to a file"
              + " system it knows");
    }
  }

  @Test
  void fileSystemOutOfReach() {
    conf.setInt("ipc.client.connect.max.retries", 0);
    assertThatThrownBy(() -> HadoopModelFiles.at("hdfs://localhost:1/model", conf).close())
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith(
            "the file system of model hdfs://localhost:1/model cannot be reached (")
        .hasMessageEndingWith("); check its host, port and network");
    assertThatThrownBy(() -> HadoopModelFiles.at("hdfs://no-such-host.invalid/model", conf).close())
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith(
            "the file system of model hdfs://no-such-host.invalid/model cannot be reached (");
  }

  @Test
  void whatIsOutOfReachForATimeIsReadLater() throws IOException {
    conf.set(HadoopModelFiles.PATIENCE, "400ms");
    write("rows.bin", new byte[] {1, 2, 3, 4});
    try (ModelFiles files = files();
        ByteSource source = files.open("rows.bin")) {
      for (ByteBuffer target : List.of(ByteBuffer.allocate(3), ByteBuffer.allocateDirect(3))) {
        RemoteFileSystem.FAILURES.set(1);
        source.read(1, target);
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(new byte[] {2, 3, 4}));
      }
      RemoteFileSystem.FAILURES.set(1);
      assertThat(files.states(List.of("rows.bin"))).hasSize(1);
    }
  }

  @Test
  void whatStaysOutOfReachIsSaid() throws IOException {
    conf.set(HadoopModelFiles.PATIENCE, "20ms");
    write("rows.bin", new byte[4]);
    try (ModelFiles files = files();
        ByteSource source = files.open("rows.bin")) {
      RemoteFileSystem.FAILURES.set(Integer.MAX_VALUE);
      assertThatThrownBy(() -> source.read(1, ByteBuffer.allocate(3)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot read 3 bytes at offset 1 of remote:")
          .hasMessageContaining("Connection refused");
    } finally {
      RemoteFileSystem.FAILURES.set(0);
    }
  }

  @Test
  void nobodyWaitsWhereAnotherReadFailsTheSame() throws IOException {
    write("rows.bin", new byte[4]);
    try (ModelFiles files = files();
        ByteSource source = files.open("rows.bin")) {
      Supplier<IOException> before = RemoteFileSystem.failure;
      RemoteFileSystem.failure = () -> new AccessControlException("Permission denied");
      RemoteFileSystem.FAILURES.set(1);
      assertThatThrownBy(() -> source.read(1, ByteBuffer.allocate(3)))
          .hasMessageContaining("Permission denied");
      RemoteFileSystem.failure = before;
      RemoteFileSystem.FAILURES.set(1);
      files.ending();
      assertThatThrownBy(() -> source.read(1, ByteBuffer.allocate(3)))
          .as("an engine that ends does not wait")
          .hasMessageContaining("Connection refused");
      source.read(1, ByteBuffer.allocate(3));
    }
  }

  @Test
  void accessDenied() {
    conf.set(RemoteFileSystem.DENIED, "true");
    assertThatThrownBy(() -> HadoopModelFiles.at(RemoteFileSystem.uri(directory), conf).close())
        .isInstanceOf(StrataException.class)
        .hasMessageMatching(
            "model remote:\\S+ may not be read by user \\S+ \\(Permission denied: user=nobody\\);"
                + " give that user access, or other credentials");
  }

  private void assertRefused(String location, String message) {
    assertThatThrownBy(() -> HadoopModelFiles.at(location, conf).close())
        .isInstanceOf(StrataException.class)
        .hasMessage("%s", message);
  }

  @Test
  void modelsOfAnyFileSystemAreRead() {
    assertThat(LocalModelFiles.isElsewhere("hdfs://host/model")).isTrue();
    assertThat(LocalModelFiles.isElsewhere("s3a://bucket/model")).isTrue();
    assertThat(LocalModelFiles.isElsewhere("file:/model")).isFalse();
    assertThat(LocalModelFiles.isElsewhere("/model")).isFalse();
    assertThat(LocalModelFiles.isElsewhere("C:\\model")).isFalse();
  }
}
