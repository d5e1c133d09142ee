package dev.strata.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.StrataKeys;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.util.Utils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;

/** What Spark's UI shows of settings, by Spark's own hand, and what is kept of them. */
class RedactionTest {

  private static final SparkConf CONF =
      new SparkConf(false).set(Redaction.SPARK_KEY, Redaction.SPARK_EXPRESSION);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.hadoop.fs.azure.account.key.lake.dfs.core.windows.net",
        "spark.hadoop.fs.azure.sas.files.lake.blob.core.windows.net",
        "spark.hadoop.fs.azure.sas.fixed.token.lake.dfs.core.windows.net",
        "spark.hadoop.fs.azure.account.oauth2.client.secret",
        "spark.hadoop.fs.s3a.access.key",
        "spark.hadoop.fs.s3a.secret.key",
        "spark.hadoop.fs.s3a.session.token",
        "spark.hadoop.fs.s3a.bucket.lake.secret.key",
        "spark.hadoop.fs.s3a.encryption.key",
        "spark.hadoop.fs.s3a.server-side-encryption.key",
        "spark.hadoop.fs.gs.auth.service.account.private.key",
        "spark.hadoop.fs.gs.auth.service.account.private.key.id",
        "spark.hadoop.fs.gs.encryption.key",
        "spark.hadoop.fs.oss.accessKeyId",
        "spark.hadoop.fs.oss.accessKeySecret",
        "spark.hadoop.fs.cosn.userinfo.secretKey",
        "spark.executorEnv.HF_TOKEN",
        "spark.executorEnv.HUGGING_FACE_HUB_TOKEN",
        "spark.executorEnv.AWS_ACCESS_KEY_ID",
        "spark.executorEnv.AWS_SECRET_ACCESS_KEY",
        "spark.executorEnv.AZURE_STORAGE_KEY",
        "spark.executorEnv.OPENAI_API_KEY",
        "spark.executorEnv.MYSQL_PWD",
        "spark.sql.catalog.db.password",
        "spark.ssl.keyPassword",
        "spark.authenticate.secret"
      })
  void keysOfSecretsHideTheirValues(String key) {
    assertThat(shown(key, "abc123")).isNotEqualTo("abc123");
    assertThat(kept(key, "abc123")).isEqualTo(Redaction.HIDDEN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://db/mails?user=etl&password=abc123",
        "jdbc:sqlserver://db;user=etl;pwd=abc123",
        "-Djavax.net.ssl.trustStorePassword=abc123",
        "https://etl:abc123@example.org/simple",
        "https://lake.blob.core.windows.net/files?sv=2024&sig=abc123",
        "AKIAIOSFODNN7EXAMPLE",
        "hf_abcdefghijklmnopqrstuvwxyz"
      })
  void valuesThatAreSecretsAreHidden(String value) {
    assertThat(shown("spark.sql.catalog.db.url", value)).doesNotContain("abc123", value);
    assertThat(shown(StrataKeys.INPUT_OPTIONS.name(), value)).doesNotContain("abc123", value);
    assertThat(kept("spark.sql.catalog.db.url", value)).doesNotContain("abc123", value);
    assertThat(kept(StrataKeys.INPUT_OPTIONS.name(), value)).doesNotContain("abc123", value);
  }

  @Test
  void settingsOfStrataAreShown() {
    for (var key : StrataKeys.all()) {
      assertThat(shown(key.name(), "48")).as(key.name()).isEqualTo("48");
      assertThat(kept(key.name(), "48")).as(key.name()).isEqualTo("48");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.master",
        "spark.kerberos.keytab",
        "spark.yarn.keytab",
        "spark.hadoop.fs.s3a.aws.credentials.provider",
        "spark.executor.memory"
      })
  void settingsThatAreNoSecretsAreShown(String key) {
    for (String value :
        List.of("spark://host:7077", "local[2]", "/models/tokenizer.json", "hdfs://nn:8020/key")) {
      assertThat(shown(key, value)).isEqualTo(value);
    }
  }

  /** A prompt may speak of tokens and keys; without it a run cannot be asked again. */
  @Test
  void textsOfStratasSettingsAreKept() {
    String prompt = "Say which token of {{text}} is the password; the api key is a secret";
    assertThat(kept(StrataKeys.PROMPT.name(), prompt)).isEqualTo(prompt);
  }

  private static String kept(String key, String value) {
    return Redaction.of(Map.of(key, value)).get(key);
  }

  private static String shown(String key, String value) {
    var settings = CollectionConverters.asScala(List.of(new Tuple2<>(key, value))).toSeq();
    return CollectionConverters.asJava(Utils.redact(CONF, settings)).get(0)._2();
  }
}
