// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
)

// TestQR reads the codes with zbarimg, as an image and as shown on a terminal, and
// compares the URI.
func TestQR(t *testing.T) {
	zbarimg := tooltest.Find(t, "zbarimg")
	scan := func(name string, img []byte) string {
		file := filepath.Join(t.TempDir(), "qr.png")
		require.NoError(t, os.WriteFile(file, img, 0o600))
		out, err := exec.Command(zbarimg, "--raw", "--quiet", "-Sdisable", "-Sqrcode.enable", file).Output()
		require.NoError(t, err, name)
		return strings.TrimSuffix(string(out), "\n")
	}
	r := Record{Serial: testSerial(t, "2600124800001"), Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: 60}
	short, err := OTPAuthURI(&r)
	require.NoError(t, err)
	require.Equal(t, "otpauth://totp/2600124800001?secret="+rfcBase32+"&algorithm=SHA1&digits=6&period=60", short)
	r.Issuer, r.User = "ACME & Söhne", "jane.doe+fob@example.com"
	r.Seed = hexSeedOf(t, strings.Repeat(rfcSeed, 3))
	long, err := OTPAuthURI(&r)
	require.NoError(t, err)

	for _, uri := range []string{short, long} {
		for _, size := range []int{160, 333, 1000} {
			img, err := QRPNG(uri, size)
			require.NoError(t, err)
			decoded, err := png.Decode(bytes.NewReader(img))
			require.NoError(t, err)
			require.Equal(t, image.Rect(0, 0, size, size), decoded.Bounds())
			require.Equal(t, uri, scan("image", img))
		}
		text, err := QRText(uri)
		require.NoError(t, err)
		require.Equal(t, uri, scan("text", screen(t, text)))
	}
}

// screen draws half blocks like a dark terminal: characters are twice as high as wide,
// and the foreground is light.
func screen(t *testing.T, text string) []byte {
	const pixels = 4 // size of half a character
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	img := image.NewGray(image.Rect(0, 0, pixels*len([]rune(lines[0])), 2*pixels*len(lines)))
	for y, line := range lines {
		for x, r := range []rune(line) {
			require.Contains(t, " ▀▄█", string(r))
			for dy := range 2 * pixels {
				light := r == '█' || r == '▀' && dy < pixels || r == '▄' && dy >= pixels
				for dx := range pixels {
					if light {
						img.SetGray(x*pixels+dx, 2*y*pixels+dy, color.Gray{Y: 255})
					}
				}
			}
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func TestQRLimits(t *testing.T) {
	for _, size := range []int{-1, 0, 20, 4097} {
		_, err := QRPNG("otpauth://totp/a?secret="+rfcBase32, size)
		require.ErrorIs(t, err, ErrLimit, "%d", size)
	}
	long := strings.Repeat(rfcBase32, 200)
	_, err := QRPNG(long, 1000)
	require.ErrorIs(t, err, ErrLimit)
	requireNoSeed(t, err, hexSeedOf(t, rfcSeed))
	_, err = QRText(long)
	require.ErrorIs(t, err, ErrLimit)
	requireNoSeed(t, err, hexSeedOf(t, rfcSeed))
}
