# Homebrew for Linux: the program as it was released, not built again.
class Configcid < Formula
  desc "@DESCRIPTION@"
  homepage "@HOME@"
  url "@BASE@/@TAR@"
  version "@VERSION@"
  sha256 "@TAR_SHA256@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on arch: :x86_64
  depends_on :linux

  def install
    bin.install "configcid"
    man1.install Dir["man/*.1"]
    man7.install Dir["man/*.7"]
    bash_completion.install "completions/configcid.bash" => "configcid"
    zsh_completion.install "completions/_configcid"
    fish_completion.install "completions/configcid.fish"
    doc.install "README.md", "CHANGELOG.md", "docs"
  end

  test do
    system bin/"configcid", "demo", testpath/"demo"
    system bin/"configcid", "catalog", "verify", testpath/"demo/MRESXP"
  end
end
