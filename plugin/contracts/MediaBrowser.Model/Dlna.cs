namespace MediaBrowser.Model.Dlna;

/// <summary>How subtitles reach a player.</summary>
public enum SubtitleDeliveryMethod
{
    Encode = 0,
    Embed = 1,
    External = 2,
    Hls = 3,
    Drop = 4,
}
